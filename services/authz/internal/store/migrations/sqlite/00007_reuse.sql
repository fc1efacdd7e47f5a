-- +goose Up

-- What a refresh token revokes when it is presented after its rotation: all grants of its user to the client, or its family alone.
ALTER TABLE clients ADD COLUMN reuse TEXT NOT NULL DEFAULT 'subject' CHECK (reuse IN ('subject', 'family'));

-- +goose Down
ALTER TABLE clients DROP COLUMN reuse;
