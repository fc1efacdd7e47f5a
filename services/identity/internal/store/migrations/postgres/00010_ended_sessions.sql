-- +goose Up

-- The session that took this one's place in the browser, when its user signed in once more: this one ends then, and its clients are told
-- only when the successor ends. A session that is about to be replaced has itself here.
ALTER TABLE browser_sessions ADD COLUMN successor BYTEA;

-- The outbox of sessions that have ended, so that their clients are told (OpenID Connect Back-Channel Logout 1.0). A row is due when it
-- has no successor, at due_at: when the session ends, and once more (again) when no code of it can be exchanged any more. The triggers
-- below write it in the transaction that ends a session, also in one of release 0.1. An expired session is not announced.
CREATE TABLE ended_sessions (
    hash      BYTEA   NOT NULL PRIMARY KEY,
    user_id   TEXT    NOT NULL,
    ended_at  BIGINT  NOT NULL,
    due_at    BIGINT  NOT NULL,
    again     BOOLEAN NOT NULL DEFAULT FALSE,
    successor BYTEA
);
CREATE INDEX ended_sessions_due ON ended_sessions (due_at) WHERE successor IS NULL;
CREATE INDEX ended_sessions_successor ON ended_sessions (successor) WHERE successor IS NOT NULL;
CREATE INDEX ended_sessions_user ON ended_sessions (user_id) WHERE successor IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION record_ended_session() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    now_us BIGINT := (date_part('epoch', statement_timestamp()) * 1000000)::bigint;
BEGIN
    IF OLD.expires_at <= now_us THEN
        DELETE FROM ended_sessions WHERE successor = OLD.hash;
        RETURN NULL;
    END IF;
    -- One that an epoch ended is recorded already.
    INSERT INTO ended_sessions (hash, user_id, ended_at, due_at, successor)
    SELECT OLD.hash, OLD.user_id, now_us, now_us, NULLIF(OLD.successor, OLD.hash) FROM users u WHERE u.id = OLD.user_id AND OLD.epoch >= u.session_epoch
    ON CONFLICT DO NOTHING;
    UPDATE ended_sessions SET successor = NULLIF(OLD.successor, OLD.hash), ended_at = now_us, due_at = now_us WHERE successor = OLD.hash;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER browser_sessions_ended AFTER DELETE ON browser_sessions FOR EACH ROW EXECUTE FUNCTION record_ended_session();

-- +goose StatementBegin
CREATE FUNCTION record_ended_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    now_us BIGINT := (date_part('epoch', statement_timestamp()) * 1000000)::bigint;
BEGIN
    INSERT INTO ended_sessions (hash, user_id, ended_at, due_at, successor)
    SELECT s.hash, s.user_id, now_us, now_us, s.successor FROM browser_sessions s
    WHERE s.user_id = NEW.id AND s.epoch >= OLD.session_epoch AND s.epoch < NEW.session_epoch AND s.expires_at > now_us
    ON CONFLICT DO NOTHING;
    UPDATE ended_sessions SET successor = NULL, ended_at = now_us, due_at = now_us
    WHERE user_id = NEW.id AND successor IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM browser_sessions s WHERE s.hash = ended_sessions.successor AND s.successor IS NOT NULL);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER users_sessions_ended AFTER UPDATE OF session_epoch ON users FOR EACH ROW
    WHEN (NEW.session_epoch > OLD.session_epoch) EXECUTE FUNCTION record_ended_sessions();

-- +goose Down
DROP TRIGGER users_sessions_ended ON users;
DROP FUNCTION record_ended_sessions();
DROP TRIGGER browser_sessions_ended ON browser_sessions;
DROP FUNCTION record_ended_session();
DROP TABLE ended_sessions;
ALTER TABLE browser_sessions DROP COLUMN successor;
