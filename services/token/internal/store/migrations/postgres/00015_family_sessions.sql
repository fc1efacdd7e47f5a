-- +goose NO TRANSACTION
-- +goose Up

-- The grants of a user with a session at a client, for logout tokens: finding them costs the same after any number of others. It is
-- built beside concurrent writes; an index whose building was interrupted is dropped and built anew.
DROP INDEX CONCURRENTLY IF EXISTS families_sessions;
CREATE INDEX CONCURRENTLY families_sessions ON families (user_id, client_id) WHERE sid <> '';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS families_sessions;
