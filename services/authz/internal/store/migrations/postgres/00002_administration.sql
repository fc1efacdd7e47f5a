-- +goose Up

-- The end of a secret, by which people tell theirs apart; empty for those that were registered before.
ALTER TABLE client_secrets ADD COLUMN last_four TEXT NOT NULL DEFAULT '';

-- Names are listed by bytes, as SQLite lists them.
ALTER TABLE clients ALTER COLUMN name TYPE TEXT COLLATE "C";

-- +goose Down
ALTER TABLE clients ALTER COLUMN name TYPE TEXT COLLATE "default";
ALTER TABLE client_secrets DROP COLUMN last_four;
