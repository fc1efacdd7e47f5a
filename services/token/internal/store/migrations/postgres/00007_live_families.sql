-- +goose NO TRANSACTION
-- +goose Up

-- The grants of a user with a client in a workspace, by age: the oldest beyond the limit ends. Those that were revoked are not in it, so
-- that finding the others costs the same after any number of them. It is built beside concurrent writes; an index whose building
-- was interrupted is dropped and built anew.
DROP INDEX CONCURRENTLY IF EXISTS families_live;
CREATE INDEX CONCURRENTLY families_live ON families (user_id, client_id, workspace_id, created_at) WHERE revoked_at IS NULL;

-- +goose Down
DROP INDEX CONCURRENTLY families_live;
