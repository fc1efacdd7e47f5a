-- +goose Up

-- Whether a refresh bound the refresh token of a family to its key, and not the code: tokens that were spent before were not bound, so
-- that their reuse is one without the key too. Release 0.1 binds none.
ALTER TABLE families ADD COLUMN bound_later BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE families DROP COLUMN bound_later;
