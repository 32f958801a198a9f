-- Version 1.000: users, credentials, bindings.
-- Columns are only ever added within version 1, so that an older program can open the file.

-- 'last_written': Unix time in milliseconds of the last commit. On a device whose clock is unset at
-- start, what is left of a binding's life counts from it.
CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  domain TEXT NOT NULL,              -- '' is the default domain, the first of sip.domains
  name TEXT NOT NULL CHECK (name <> ''),
  auth_name TEXT NOT NULL,           -- the user name in the digest; mostly the same as name
  display_name TEXT NOT NULL DEFAULT '',
  aliases TEXT NOT NULL DEFAULT '',  -- other names, one per line
  algorithms INTEGER NOT NULL DEFAULT 0,  -- 1 MD5, 2 SHA-256, 3 both, 0 as configured
  UNIQUE (domain, name),
  UNIQUE (domain, auth_name)
);

-- No password is kept, only the hash of "auth_name:realm:password" (RFC 7616 3.4.2).
CREATE TABLE credentials (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  algorithm TEXT NOT NULL,           -- 'MD5' or 'SHA-256' (RFC 8760)
  realm TEXT NOT NULL,
  ha1 BLOB NOT NULL,
  PRIMARY KEY (user_id, algorithm, realm)
) WITHOUT ROWID;

-- RFC 3261 10.3. There is no index but the slot: the server finds bindings in memory.
CREATE TABLE bindings (
  slot INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  contact TEXT NOT NULL,             -- the URI as sent
  params TEXT NOT NULL,              -- Contact parameters as sent, without expires
  path TEXT NOT NULL,                -- RFC 3327
  call_id TEXT NOT NULL,
  cseq INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,       -- Unix time in milliseconds
  interval_ms INTEGER NOT NULL,      -- what was granted
  q INTEGER NOT NULL,                -- thousandths
  received TEXT NOT NULL,            -- where the REGISTER came from: "192.0.2.1:5060"
  local TEXT NOT NULL,               -- where it arrived
  transport INTEGER NOT NULL,
  listener INTEGER NOT NULL,
  flow INTEGER NOT NULL,             -- 0 for none; it means nothing after a restart
  instance TEXT NOT NULL,            -- RFC 5626 4.1
  reg_id INTEGER NOT NULL,           -- RFC 5626 4.2; 0 for none
  user_agent TEXT NOT NULL,
  methods INTEGER NOT NULL           -- mask; 0 when it was not said
);
