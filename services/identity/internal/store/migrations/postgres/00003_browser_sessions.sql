-- +goose Up

-- A browser session lives while its row does: what Redis forgets, restores or fails over to brings no ended one back. Rows past
-- their expiry are deleted by cleanup; they end by their own deadline before.
CREATE TABLE browser_sessions (
    -- SHA-256 of the cookie's value.
    hash       BYTEA  NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    begun_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX browser_sessions_user ON browser_sessions (user_id);

-- +goose Down
DROP TABLE browser_sessions;
