-- +goose Up

-- An app. Its grants and scopes are names separated by single spaces: they are only ever read together.
CREATE TABLE clients (
    id              TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    type            TEXT    NOT NULL CHECK (type IN ('confidential', 'public')),
    grant_types     TEXT    NOT NULL,
    scope           TEXT    NOT NULL,
    resource_server BOOLEAN NOT NULL,
    disabled        BOOLEAN NOT NULL,
    created_at      INTEGER NOT NULL
);

CREATE TABLE redirect_uris (
    client_id TEXT    NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    uri       TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (client_id, uri)
);

-- The secret without an end is the current one; during a rotation its predecessor stands beside it.
CREATE TABLE client_secrets (
    client_id  TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    hash       BLOB   NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (client_id, hash)
);
CREATE UNIQUE INDEX client_secrets_current ON client_secrets (client_id) WHERE expires_at IS NULL;

-- +goose Down
DROP TABLE client_secrets;
DROP TABLE redirect_uris;
DROP TABLE clients;
