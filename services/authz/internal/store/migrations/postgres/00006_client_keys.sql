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
    jwk        BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (client_id, kid)
);

-- When a client last used a key, registered or published. A table of its own, since a use must not
-- raise the version of the clients.
CREATE TABLE client_key_uses (
    client_id TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    kid       TEXT   NOT NULL,
    used_at   BIGINT NOT NULL,
    PRIMARY KEY (client_id, kid)
);

CREATE CONSTRAINT TRIGGER client_keys_version AFTER INSERT OR UPDATE OR DELETE ON client_keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_client_version();

-- +goose Down
DROP TRIGGER client_keys_version ON client_keys;
DROP TABLE client_key_uses;
DROP TABLE client_keys;
ALTER TABLE clients DROP COLUMN jwks_uri;
ALTER TABLE clients DROP COLUMN auth_algorithm;
ALTER TABLE clients DROP COLUMN auth_method;
