-- +goose Up

-- How long after a rotation a repeated refresh returns the same successor, in microseconds; NULL where the setting of the token
-- service applies.
ALTER TABLE clients ADD COLUMN refresh_retry INTEGER;

-- +goose Down
ALTER TABLE clients DROP COLUMN refresh_retry;
