-- +goose NO TRANSACTION
-- +goose Up

-- The grants of a user with a session at a client, by the session: the logout tokens of one browser's session are found among any
-- number of others. It replaces families_sessions, whose columns it begins with. It is built beside concurrent writes; an index whose
-- building was interrupted is dropped and built anew.
DROP INDEX CONCURRENTLY IF EXISTS families_client_sessions;
CREATE INDEX CONCURRENTLY families_client_sessions ON families (user_id, client_id, sid) WHERE sid <> '';
DROP INDEX CONCURRENTLY IF EXISTS families_sessions;

-- +goose Down
CREATE INDEX CONCURRENTLY IF NOT EXISTS families_sessions ON families (user_id, client_id) WHERE sid <> '';
DROP INDEX CONCURRENTLY IF EXISTS families_client_sessions;
