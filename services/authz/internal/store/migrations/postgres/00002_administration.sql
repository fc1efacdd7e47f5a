-- +goose Up

-- The end of a secret, by which people tell theirs apart; empty for those that were registered before.
ALTER TABLE client_secrets ADD COLUMN last_four TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE client_secrets DROP COLUMN last_four;
