-- +goose NO TRANSACTION
-- +goose Up

-- What an app has with everybody is found by the app: to list it, and to end all of it. It is built beside those who write; one
-- that was broken off counts for nothing, and is built anew.
DROP INDEX CONCURRENTLY IF EXISTS pairs_client;
CREATE INDEX CONCURRENTLY pairs_client ON pairs (client_id, user_id);

-- +goose Down
DROP INDEX CONCURRENTLY pairs_client;
