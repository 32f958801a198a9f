-- A file as the first version of the schema wrote it: two users with the password "secret" in the realm "tipring", and
-- a registration of bob that lasts long.
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  domain TEXT NOT NULL,
  name TEXT NOT NULL CHECK (name <> ''),
  auth_name TEXT NOT NULL,
  display_name TEXT NOT NULL DEFAULT '',
  aliases TEXT NOT NULL DEFAULT '',
  algorithms INTEGER NOT NULL DEFAULT 0,
  UNIQUE (domain, name),
  UNIQUE (domain, auth_name)
);
CREATE TABLE credentials (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  algorithm TEXT NOT NULL,
  realm TEXT NOT NULL,
  ha1 BLOB NOT NULL,
  PRIMARY KEY (user_id, algorithm, realm)
) WITHOUT ROWID;
CREATE TABLE bindings (
  slot INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  contact TEXT NOT NULL,
  params TEXT NOT NULL,
  path TEXT NOT NULL,
  call_id TEXT NOT NULL,
  cseq INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  interval_ms INTEGER NOT NULL,
  q INTEGER NOT NULL,
  received TEXT NOT NULL,
  local TEXT NOT NULL,
  transport INTEGER NOT NULL,
  listener INTEGER NOT NULL,
  flow INTEGER NOT NULL,
  instance TEXT NOT NULL,
  reg_id INTEGER NOT NULL,
  user_agent TEXT NOT NULL,
  methods INTEGER NOT NULL
);
-- MD5 of "alice:tipring:secret" and "bob:tipring:secret".
INSERT INTO users (id, domain, name, auth_name) VALUES (1, '', 'alice', 'alice'), (2, '', 'bob', 'bob');
INSERT INTO credentials VALUES
  (1, 'MD5', 'tipring', x'909974ac12469e62093c32897feb6137'),
  (2, 'MD5', 'tipring', x'8c350b7dcfd76ea43a90a756c02354b4');
INSERT INTO bindings VALUES (0, 2, 'sip:bob@127.0.0.1:5999', ';audio', '', 'old-call-id', 7, 4102444800000, 3600000, 500,
  '127.0.0.1:5999', '127.0.0.1:5060', 0, 0, 0, '<urn:uuid:0>', 0, 'Phone 1.0', 0);
INSERT INTO meta VALUES ('last_written', 1700000000000);
PRAGMA application_id = 0x54697052;
PRAGMA user_version = 1000;
COMMIT;
