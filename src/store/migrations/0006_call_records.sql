-- Version 1.005: call records, one row per call and one per phone that it was brought to.
CREATE TABLE call_records (
  id INTEGER PRIMARY KEY,            -- in the order in which they began
  call INTEGER NOT NULL,             -- id of the call's own row
  leg INTEGER NOT NULL,              -- 0: the call itself, which is the caller's; 1 …: its phones
  kind INTEGER NOT NULL,             -- 0 proxied, 1 led, 2 led to a hunt group
  begun INTEGER NOT NULL,            -- Unix times in milliseconds; 0: did not come to that
  rang INTEGER NOT NULL DEFAULT 0,
  answered INTEGER NOT NULL DEFAULT 0,
  ended INTEGER NOT NULL DEFAULT 0,
  -- 0 open, 1 answered, 2 busy, 3 no answer, 4 cancelled, 5 refused, 6 failed, 7 answered elsewhere
  outcome INTEGER NOT NULL DEFAULT 0,
  -- 0 nobody yet, 1 caller, 2 callee, 3 operator, 4 session timer, 5 no media, 6 lost, 7 server
  -- stopped, 8 server restarted, 9 transferred, 10 not followed
  ended_by INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL DEFAULT 0, -- of the final response
  session_interval INTEGER NOT NULL DEFAULT 0,  -- seconds; 0: no session timer
  supervised INTEGER NOT NULL DEFAULT 0,
  media INTEGER NOT NULL DEFAULT 0,  -- 0 unknown, 1 direct, 2 relayed
  -- What came from each side through the relay.
  caller_packets INTEGER NOT NULL DEFAULT 0,
  caller_lost INTEGER NOT NULL DEFAULT 0,
  caller_jitter_us INTEGER NOT NULL DEFAULT 0,
  callee_packets INTEGER NOT NULL DEFAULT 0,
  callee_lost INTEGER NOT NULL DEFAULT 0,
  callee_jitter_us INTEGER NOT NULL DEFAULT 0,
  call_id TEXT NOT NULL DEFAULT '',  -- Call-ID of its dialog
  from_uri TEXT NOT NULL DEFAULT '',
  from_name TEXT NOT NULL DEFAULT '',
  from_user TEXT NOT NULL DEFAULT '',    -- who has signed in as the caller
  to_uri TEXT NOT NULL DEFAULT '',       -- who was called; of a phone, what it was rung by
  group_name TEXT NOT NULL DEFAULT '',
  answered_by TEXT NOT NULL DEFAULT '',  -- the user; of a phone, the user it is of
  peer TEXT NOT NULL DEFAULT '',         -- address and transport of the phone
  reason TEXT NOT NULL DEFAULT ''
);

CREATE INDEX call_records_by_time ON call_records (begun);
CREATE INDEX call_records_open ON call_records (id) WHERE ended = 0;
