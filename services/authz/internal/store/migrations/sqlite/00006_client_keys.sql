-- +goose Up

-- private_key_jwt, or empty for a client that authenticates with a secret, and for a public one.
-- Such a client has no secret, so release 0.1 refuses whatever it sends.
ALTER TABLE clients ADD COLUMN auth_method TEXT NOT NULL DEFAULT '';
-- The algorithm that its assertions must have; empty for any supported one.
ALTER TABLE clients ADD COLUMN auth_algorithm TEXT NOT NULL DEFAULT '';
-- Where it publishes its keys; empty if they are in client_keys.
ALTER TABLE clients ADD COLUMN jwks_uri TEXT NOT NULL DEFAULT '';

-- The public keys of clients that do not publish theirs.
CREATE TABLE client_keys (
    client_id  TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    kid        TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    jwk        BLOB  NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (client_id, kid)
);

-- When a client last used a key, registered or published. A table of its own, since a use must not
-- raise the version of the clients.
CREATE TABLE client_key_uses (
    client_id TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    kid       TEXT   NOT NULL,
    used_at   INTEGER NOT NULL,
    PRIMARY KEY (client_id, kid)
);

-- +goose StatementBegin
CREATE TRIGGER client_keys_insert_version AFTER INSERT ON client_keys BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER client_keys_update_version AFTER UPDATE ON client_keys BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER client_keys_delete_version AFTER DELETE ON client_keys BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER client_keys_delete_version;
DROP TRIGGER client_keys_update_version;
DROP TRIGGER client_keys_insert_version;
DROP TABLE client_key_uses;
DROP TABLE client_keys;
ALTER TABLE clients DROP COLUMN jwks_uri;
ALTER TABLE clients DROP COLUMN auth_algorithm;
ALTER TABLE clients DROP COLUMN auth_method;
