-- Version 1.003: the display name that a phone gives with its Contact.
ALTER TABLE bindings ADD COLUMN display_name TEXT NOT NULL DEFAULT '';  -- as sent, quotes included
