-- +goose Up

-- A browser session carries the epoch that its user had at the sign-in and ends when it is raised.
ALTER TABLE users ADD COLUMN session_epoch BIGINT NOT NULL DEFAULT 0;

-- Addresses are listed by bytes, as SQLite lists them.
ALTER TABLE users ALTER COLUMN email_address TYPE TEXT COLLATE "C";

-- An authentication app of the user API: it vouches for people with a secret of its own.
CREATE TABLE authentication_apps (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   COLLATE "C" NOT NULL,
    -- The only workspace whose members it vouches for; NULL for everybody.
    workspace_id TEXT   REFERENCES workspaces (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    -- To the minute.
    last_used_at BIGINT,
    revoked_at   BIGINT
);

CREATE TABLE authentication_app_secrets (
    -- SHA-256 of the secret.
    hash       BYTEA  NOT NULL PRIMARY KEY,
    app_id     TEXT   NOT NULL REFERENCES authentication_apps (id) ON DELETE CASCADE,
    last_four  TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL for the current one.
    expires_at BIGINT
);
CREATE INDEX authentication_app_secrets_app ON authentication_app_secrets (app_id);
CREATE UNIQUE INDEX authentication_app_secrets_current ON authentication_app_secrets (app_id) WHERE expires_at IS NULL;

-- +goose Down
DROP TABLE authentication_app_secrets;
DROP TABLE authentication_apps;
ALTER TABLE users ALTER COLUMN email_address TYPE TEXT COLLATE "default";
ALTER TABLE users DROP COLUMN session_epoch;
