-- Version 1.001: users whose phones are not asked for session timers (RFC 4028).
ALTER TABLE users ADD COLUMN session_timer INTEGER NOT NULL DEFAULT 0;  -- 0 as configured, 1 exempt
