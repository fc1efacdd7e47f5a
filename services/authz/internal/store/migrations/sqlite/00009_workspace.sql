-- +goose Up

-- The workspace in which a client gets tokens for itself (client_credentials); empty for none, as in every client of release 0.1.
ALTER TABLE clients ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE clients DROP COLUMN workspace_id;
