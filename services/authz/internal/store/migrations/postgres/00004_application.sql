-- +goose Up

-- The scopes of a request without a scope, like scope; empty where such a request is refused.
ALTER TABLE clients ADD COLUMN default_scope TEXT NOT NULL DEFAULT '';
-- native, web, or empty where none was registered.
ALTER TABLE clients ADD COLUMN application_type TEXT NOT NULL DEFAULT '';
-- Release 0.1 registers clients for the operator alone: they are verified.
ALTER TABLE clients ADD COLUMN unverified BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE clients DROP COLUMN unverified;
ALTER TABLE clients DROP COLUMN application_type;
ALTER TABLE clients DROP COLUMN default_scope;
