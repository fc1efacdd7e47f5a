-- +goose Up

-- What ends may be named by a workspace too.
ALTER TABLE revocations ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE revocations DROP COLUMN workspace_id;
