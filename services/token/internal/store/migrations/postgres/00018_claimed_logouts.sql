-- +goose NO TRANSACTION
-- +goose Up

-- The deliveries of logout tokens that are being sent, and in order those that are due: a claim reads a few of each client, however many
-- there are. They are built beside concurrent writes; an index whose building was interrupted is dropped and built anew.
DROP INDEX CONCURRENTLY IF EXISTS logout_deliveries_claimed;
CREATE INDEX CONCURRENTLY logout_deliveries_claimed ON logout_deliveries (client_id, locked_until)
    WHERE finished_at IS NULL AND locked_until > 0;
DROP INDEX CONCURRENTLY IF EXISTS logout_deliveries_next;
CREATE INDEX CONCURRENTLY logout_deliveries_next ON logout_deliveries (client_id, due_at, id) WHERE finished_at IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS logout_deliveries_due;

-- +goose Down
CREATE INDEX CONCURRENTLY IF NOT EXISTS logout_deliveries_due ON logout_deliveries (client_id, due_at) WHERE finished_at IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS logout_deliveries_next;
DROP INDEX CONCURRENTLY IF EXISTS logout_deliveries_claimed;
