-- +goose Up

-- Where a session is in use, so that its user knows it again: the browser's User-Agent and the network of its address at the sign-in.
ALTER TABLE browser_sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE browser_sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
-- To five minutes; NULL until the first use after that.
ALTER TABLE browser_sessions ADD COLUMN last_used_at INTEGER;
-- The user's session_epoch at the sign-in: a session of an earlier epoch has ended, and is not listed.
ALTER TABLE browser_sessions ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE browser_sessions DROP COLUMN epoch;
ALTER TABLE browser_sessions DROP COLUMN last_used_at;
ALTER TABLE browser_sessions DROP COLUMN network;
ALTER TABLE browser_sessions DROP COLUMN user_agent;
