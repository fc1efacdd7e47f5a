-- +goose Up

-- The version of all clients with their redirect URIs and secrets, which every change raises.
CREATE TABLE client_version (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
);
INSERT INTO client_version (id, version) VALUES (1, 1);

-- +goose StatementBegin
CREATE TRIGGER clients_insert_version AFTER INSERT ON clients BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER clients_update_version AFTER UPDATE ON clients BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER clients_delete_version AFTER DELETE ON clients BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER redirect_uris_insert_version AFTER INSERT ON redirect_uris BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER redirect_uris_update_version AFTER UPDATE ON redirect_uris BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER redirect_uris_delete_version AFTER DELETE ON redirect_uris BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER client_secrets_insert_version AFTER INSERT ON client_secrets BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER client_secrets_update_version AFTER UPDATE ON client_secrets BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER client_secrets_delete_version AFTER DELETE ON client_secrets BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER client_secrets_delete_version;
DROP TRIGGER client_secrets_update_version;
DROP TRIGGER client_secrets_insert_version;
DROP TRIGGER redirect_uris_delete_version;
DROP TRIGGER redirect_uris_update_version;
DROP TRIGGER redirect_uris_insert_version;
DROP TRIGGER clients_delete_version;
DROP TRIGGER clients_update_version;
DROP TRIGGER clients_insert_version;
DROP TABLE client_version;
