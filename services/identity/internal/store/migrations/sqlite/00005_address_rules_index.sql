-- +goose NO TRANSACTION
-- +goose Up

-- What release 0.1 stored is looked for every hour, and is nearly always nothing.
CREATE INDEX IF NOT EXISTS users_earlier_address ON users (id) WHERE address_rules IS NULL;

-- +goose Down
DROP INDEX users_earlier_address;
