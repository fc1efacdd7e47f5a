-- +goose Up

-- User tokens of VIDIZMO's API. A row says who got a token, and through which authentication app: it is the audit record, and
-- stays 30 days past the token's time, so that such a token is told from one that never was. Rows are deleted in small steps
-- after that (see partitions.go).
CREATE TABLE user_tokens (
    hash         BLOB    NOT NULL,
    user_id      TEXT    NOT NULL,
    -- The authentication app; empty when the proof was a password.
    app_id       TEXT    NOT NULL,
    -- The only workspace; empty for all of the user's.
    workspace_id TEXT    NOT NULL,
    display_name TEXT    NOT NULL,
    issued_at    INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    PRIMARY KEY (hash)
);
CREATE INDEX user_tokens_expires_at ON user_tokens (expires_at);
CREATE INDEX user_tokens_user ON user_tokens (user_id) WHERE ended_at IS NULL;
CREATE INDEX user_tokens_app ON user_tokens (app_id) WHERE ended_at IS NULL AND app_id <> '';

-- Whoever ends the tokens of a user or of an authentication app writes its row; SQLite has one writer at a time.
CREATE TABLE ending_marks (
    subject TEXT    NOT NULL PRIMARY KEY,
    endings INTEGER NOT NULL
);

-- How many of a pair's last raises spoiled codes in flight and no more: approvals of so many epochs below its own still count.
ALTER TABLE pairs ADD COLUMN lenient_raises INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE pairs DROP COLUMN lenient_raises;
DROP TABLE ending_marks;
DROP TABLE user_tokens;
