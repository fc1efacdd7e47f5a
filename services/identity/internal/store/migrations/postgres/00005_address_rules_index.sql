-- +goose NO TRANSACTION
-- +goose Up

-- What release 0.1 stored is looked for every hour, and is nearly always nothing.
DROP INDEX CONCURRENTLY IF EXISTS users_earlier_address;
CREATE INDEX CONCURRENTLY users_earlier_address ON users (id) WHERE address_rules IS NULL;

-- +goose Down
DROP INDEX CONCURRENTLY users_earlier_address;
