-- Version 1.004: who may sign in to the administration, tokens of programs, and who changed what.
CREATE TABLE admin_accounts (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (name <> ''),
  role INTEGER NOT NULL,       -- 1 viewer, 2 administrator
  salt BLOB NOT NULL,
  rounds INTEGER NOT NULL,
  hash BLOB NOT NULL,          -- PBKDF2 with HMAC-SHA-256 of the password
  created INTEGER NOT NULL     -- milliseconds since 1970, like all times here
);

CREATE TABLE admin_tokens (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (name <> ''),
  role INTEGER NOT NULL,
  scopes INTEGER NOT NULL,     -- mask
  hash BLOB NOT NULL,          -- SHA-256 of the token, which is random
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL     -- 0: never
);

CREATE TABLE admin_audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  source TEXT NOT NULL,        -- address, or "local"
  action TEXT NOT NULL,
  status INTEGER NOT NULL      -- of the answer
);
