-- +goose Up

-- A browser session carries the epoch that its user had at the sign-in and ends when it is raised.
ALTER TABLE users ADD COLUMN session_epoch INTEGER NOT NULL DEFAULT 0;

-- An authentication app of the user API: it vouches for people with a secret of its own.
CREATE TABLE authentication_apps (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    -- The only workspace whose members it vouches for; NULL for everybody.
    workspace_id TEXT   REFERENCES workspaces (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    -- To the minute.
    last_used_at INTEGER,
    revoked_at   INTEGER
);

CREATE TABLE authentication_app_secrets (
    -- SHA-256 of the secret.
    hash       BLOB   NOT NULL PRIMARY KEY,
    app_id     TEXT   NOT NULL REFERENCES authentication_apps (id) ON DELETE CASCADE,
    last_four  TEXT   NOT NULL,
    created_at INTEGER NOT NULL,
    -- NULL for the current one.
    expires_at INTEGER
);
CREATE INDEX authentication_app_secrets_app ON authentication_app_secrets (app_id);
CREATE UNIQUE INDEX authentication_app_secrets_current ON authentication_app_secrets (app_id) WHERE expires_at IS NULL;

-- +goose Down
DROP TABLE authentication_app_secrets;
DROP TABLE authentication_apps;
ALTER TABLE users DROP COLUMN session_epoch;
