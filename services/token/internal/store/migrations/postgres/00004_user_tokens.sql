-- +goose Up

-- User tokens of VIDIZMO's API. A row says who got a token, and through which authentication app: it is the audit record, and
-- stays 30 days past the token's time, so that such a token is told from one that never was. They lie in partitions by expiry,
-- dropped whole (see partitions.go).
CREATE TABLE user_tokens (
    hash         BYTEA  NOT NULL,
    user_id      TEXT   NOT NULL,
    -- The authentication app; empty when the proof was a password.
    app_id       TEXT   NOT NULL,
    -- The only workspace; empty for all of the user's.
    workspace_id TEXT   NOT NULL,
    display_name TEXT   NOT NULL,
    issued_at    BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    PRIMARY KEY (hash, expires_at)
) PARTITION BY RANGE (expires_at);
CREATE INDEX user_tokens_user ON user_tokens (user_id) WHERE ended_at IS NULL;
CREATE INDEX user_tokens_app ON user_tokens (app_id) WHERE ended_at IS NULL AND app_id <> '';

-- Whoever ends the tokens of a user or of an authentication app holds its row alone, and whoever issues holds it shared: so one
-- of the two sees the other.
CREATE TABLE ending_marks (
    subject TEXT   NOT NULL PRIMARY KEY,
    endings BIGINT NOT NULL
);

-- How many of a pair's last raises spoiled codes in flight and no more: approvals of so many epochs below its own still count.
ALTER TABLE pairs ADD COLUMN lenient_raises BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE pairs DROP COLUMN lenient_raises;
DROP TABLE ending_marks, user_tokens;
