-- +goose Up

-- The session that took this one's place in the browser, when its user signed in once more: this one ends then, and its clients are told
-- only when the successor ends. A session that is about to be replaced has itself here.
ALTER TABLE browser_sessions ADD COLUMN successor BLOB;

-- The outbox of sessions that have ended, so that their clients are told (OpenID Connect Back-Channel Logout 1.0). A row is due when it
-- has no successor, at due_at: when the session ends, and once more (again) when no code of it can be exchanged any more. The triggers
-- below write it in the transaction that ends a session. An expired session is not announced.
CREATE TABLE ended_sessions (
    hash      BLOB    NOT NULL PRIMARY KEY,
    user_id   TEXT    NOT NULL,
    ended_at  INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,
    again     BOOLEAN NOT NULL DEFAULT FALSE,
    successor BLOB
);
CREATE INDEX ended_sessions_due ON ended_sessions (due_at) WHERE successor IS NULL;
CREATE INDEX ended_sessions_successor ON ended_sessions (successor) WHERE successor IS NOT NULL;
CREATE INDEX ended_sessions_user ON ended_sessions (user_id) WHERE successor IS NOT NULL;

-- +goose StatementBegin
CREATE TRIGGER browser_sessions_expired AFTER DELETE ON browser_sessions
WHEN OLD.expires_at <= CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000 BEGIN
    DELETE FROM ended_sessions WHERE successor = OLD.hash;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER browser_sessions_ended AFTER DELETE ON browser_sessions
WHEN OLD.expires_at > CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000 BEGIN
    -- One that an epoch ended is recorded already.
    INSERT OR IGNORE INTO ended_sessions (hash, user_id, ended_at, due_at, successor)
    SELECT OLD.hash, OLD.user_id, CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000, CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000,
        NULLIF(OLD.successor, OLD.hash)
    FROM users u WHERE u.id = OLD.user_id AND OLD.epoch >= u.session_epoch;
    UPDATE ended_sessions SET successor = NULLIF(OLD.successor, OLD.hash), ended_at = CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000,
        due_at = CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000
    WHERE successor = OLD.hash;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_sessions_ended AFTER UPDATE OF session_epoch ON users WHEN NEW.session_epoch > OLD.session_epoch BEGIN
    INSERT OR IGNORE INTO ended_sessions (hash, user_id, ended_at, due_at, successor)
    SELECT s.hash, s.user_id, CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000, CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000,
        s.successor
    FROM browser_sessions s
    WHERE s.user_id = NEW.id AND s.epoch >= OLD.session_epoch AND s.epoch < NEW.session_epoch
        AND s.expires_at > CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000;
    UPDATE ended_sessions SET successor = NULL, ended_at = CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000,
        due_at = CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000
    WHERE user_id = NEW.id AND successor IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM browser_sessions s WHERE s.hash = ended_sessions.successor AND s.successor IS NOT NULL);
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER users_sessions_ended;
DROP TRIGGER browser_sessions_ended;
DROP TRIGGER browser_sessions_expired;
DROP TABLE ended_sessions;
ALTER TABLE browser_sessions DROP COLUMN successor;
