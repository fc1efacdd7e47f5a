-- +goose Up

-- What users are told about a client besides its name; empty where none is registered, as in every client of release 0.1.
ALTER TABLE clients ADD COLUMN publisher TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN client_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN policy_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN tos_uri TEXT NOT NULL DEFAULT '';
-- The scopes that a user may leave out of an approval, like scope.
ALTER TABLE clients ADD COLUMN optional_scope TEXT NOT NULL DEFAULT '';
-- The SHA-256 of the logo in client_logos, in hexadecimal; empty for none.
ALTER TABLE clients ADD COLUMN logo TEXT NOT NULL DEFAULT '';

-- The logos of clients, as this server encoded them. Two clients with the same logo have a row each, so that a client can lose its own.
CREATE TABLE client_logos (
    client_id TEXT  NOT NULL PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
    hash      TEXT  NOT NULL,
    png       BLOB NOT NULL
);
CREATE INDEX client_logos_hash ON client_logos (hash);

-- +goose Down
DROP TABLE client_logos;
ALTER TABLE clients DROP COLUMN logo;
ALTER TABLE clients DROP COLUMN optional_scope;
ALTER TABLE clients DROP COLUMN tos_uri;
ALTER TABLE clients DROP COLUMN policy_uri;
ALTER TABLE clients DROP COLUMN client_uri;
ALTER TABLE clients DROP COLUMN purpose;
ALTER TABLE clients DROP COLUMN publisher;
