-- +goose NO TRANSACTION
-- +goose Up

-- The digest of what the client said about itself when the user approved it; empty for a grant of release 0.1.
ALTER TABLE families ADD COLUMN IF NOT EXISTS description_digest TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE families DROP COLUMN IF EXISTS description_digest;
