-- +goose Up

-- The version of all clients with their redirect URIs and secrets. Every change raises it, also one
-- by release 0.1, so that a replica knows whether the clients that it has in memory are current.
CREATE TABLE client_version (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT  NOT NULL
);
INSERT INTO client_version (id, version) VALUES (1, 1);

-- +goose StatementBegin
CREATE FUNCTION raise_client_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Once in a transaction, however many rows it changes.
    UPDATE client_version SET version = version + 1 WHERE id = 1 AND xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- Deferred, so that the row is locked only while the change commits.
CREATE CONSTRAINT TRIGGER clients_version AFTER INSERT OR UPDATE OR DELETE ON clients
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_client_version();
CREATE CONSTRAINT TRIGGER redirect_uris_version AFTER INSERT OR UPDATE OR DELETE ON redirect_uris
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_client_version();
CREATE CONSTRAINT TRIGGER client_secrets_version AFTER INSERT OR UPDATE OR DELETE ON client_secrets
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_client_version();

-- +goose Down
DROP TRIGGER client_secrets_version ON client_secrets;
DROP TRIGGER redirect_uris_version ON redirect_uris;
DROP TRIGGER clients_version ON clients;
DROP FUNCTION raise_client_version();
DROP TABLE client_version;
