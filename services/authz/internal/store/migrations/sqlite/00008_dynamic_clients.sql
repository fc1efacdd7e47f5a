-- +goose Up

-- Initial access tokens (RFC 7591 §3), by their hash.
CREATE TABLE initial_access_tokens (
    hash       BLOB   NOT NULL PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    uses_left  INTEGER NOT NULL,
    created_at INTEGER  NOT NULL,
    expires_at INTEGER  NOT NULL
);

-- Clients that registered themselves. Names and scopes are separated by spaces, redirect URIs by
-- line breaks; metadata is the JSON of what is only returned. by_token and scope_limit are what the
-- initial access token permitted. fingerprint is the same for registrations that share the client,
-- until a day after registered_at. expires_at is when cleanup deletes or disables the client.
CREATE TABLE dynamic_clients (
    id               TEXT    NOT NULL PRIMARY KEY,
    name             TEXT    NOT NULL,
    type             TEXT    NOT NULL CHECK (type IN ('confidential', 'public')),
    grant_types      TEXT    NOT NULL,
    scope            TEXT    NOT NULL,
    application_type TEXT    NOT NULL,
    redirect_uris    TEXT    NOT NULL,
    metadata         TEXT    NOT NULL,
    secret_hash      BLOB,
    secret_last_four TEXT    NOT NULL,
    by_token         BOOLEAN NOT NULL,
    scope_limit      TEXT    NOT NULL,
    disabled         BOOLEAN NOT NULL,
    shared           BOOLEAN NOT NULL,
    authorized       BOOLEAN NOT NULL,
    fingerprint      BLOB,
    registered_at    INTEGER  NOT NULL,
    created_at       INTEGER  NOT NULL,
    expires_at       INTEGER  NOT NULL
);
CREATE UNIQUE INDEX dynamic_clients_fingerprint ON dynamic_clients (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX dynamic_clients_expires_at ON dynamic_clients (expires_at);

-- Registration access tokens (RFC 7592 §3), by their hash: one for each registration of a client.
CREATE TABLE dynamic_registrations (
    hash       BLOB  NOT NULL PRIMARY KEY,
    client_id  TEXT   NOT NULL REFERENCES dynamic_clients (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
);
CREATE INDEX dynamic_registrations_client_id ON dynamic_registrations (client_id, created_at);

-- The users of such a client, who are counted.
CREATE TABLE dynamic_client_users (
    client_id TEXT NOT NULL REFERENCES dynamic_clients (id) ON DELETE CASCADE,
    user_id   TEXT NOT NULL,
    PRIMARY KEY (client_id, user_id)
);

-- The version of the clients that registered themselves, apart from that of the operator's: a
-- registration must not drop the operator's clients from memory. A new client does not raise it,
-- because an unknown client is never in memory, and neither does the bookkeeping of cleanup.
CREATE TABLE dynamic_client_version (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER  NOT NULL
);
INSERT INTO dynamic_client_version (id, version) VALUES (1, 1);

-- +goose StatementBegin
CREATE TRIGGER dynamic_clients_update_version
    AFTER UPDATE OF name, type, grant_types, scope, application_type, redirect_uris, secret_hash, disabled ON dynamic_clients BEGIN
    UPDATE dynamic_client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER dynamic_clients_delete_version AFTER DELETE ON dynamic_clients BEGIN
    UPDATE dynamic_client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER dynamic_clients_delete_version;
DROP TRIGGER dynamic_clients_update_version;
DROP TABLE dynamic_client_version;
DROP TABLE dynamic_client_users;
DROP TABLE dynamic_registrations;
DROP TABLE dynamic_clients;
DROP TABLE initial_access_tokens;
