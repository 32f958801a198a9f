-- Version 1.002: hunt groups and their members.
CREATE TABLE hunt_groups (
  id INTEGER PRIMARY KEY,
  domain TEXT NOT NULL,              -- '' is the default domain
  name TEXT NOT NULL CHECK (name <> ''),
  display_name TEXT NOT NULL DEFAULT '',
  strategy INTEGER NOT NULL DEFAULT 0,  -- 0 all, 1 sequential, 2 round robin, 3 longest idle, 4 random
  ring_timeout INTEGER NOT NULL DEFAULT 60,  -- seconds, like all times here
  member_ring INTEGER NOT NULL DEFAULT 15,
  no_answer_status INTEGER NOT NULL DEFAULT 0,  -- 0: what the calls came to
  no_answer_to TEXT NOT NULL DEFAULT '',  -- a user or group of the domain, or nobody
  enabled INTEGER NOT NULL DEFAULT 1,
  UNIQUE (domain, name)
);

CREATE TABLE group_members (
  id INTEGER PRIMARY KEY,
  group_id INTEGER NOT NULL REFERENCES hunt_groups (id) ON DELETE CASCADE,
  name TEXT NOT NULL CHECK (name <> ''),  -- a user or group of the group's domain, or nobody
  place INTEGER NOT NULL,            -- rung in this order; among equals by id
  delay INTEGER NOT NULL DEFAULT 0,
  ring INTEGER NOT NULL DEFAULT 0,   -- 0: as the group says
  enabled INTEGER NOT NULL DEFAULT 1,
  UNIQUE (group_id, name)
);
