-- +goose Up

-- A person. The address is canonical: the service folds it before it writes or asks.
CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    email_address TEXT    NOT NULL UNIQUE,
    first_name    TEXT    NOT NULL,
    last_name     TEXT    NOT NULL,
    display_name  TEXT    NOT NULL,
    -- An argon2id string; empty for a user who cannot sign in with a password.
    password_hash TEXT    NOT NULL,
    disabled      BOOLEAN NOT NULL,
    created_at    INTEGER NOT NULL
);

-- Names are compared by bytes, as SQLite does without being told, so that both engines list in one order.
CREATE TABLE workspaces (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    plan       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE memberships (
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    role         TEXT    NOT NULL CHECK (role IN ('member', 'administrator')),
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, workspace_id)
);
CREATE INDEX memberships_workspace ON memberships (workspace_id);

-- +goose Down
DROP TABLE memberships;
DROP TABLE workspaces;
DROP TABLE users;
