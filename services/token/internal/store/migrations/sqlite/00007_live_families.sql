-- +goose Up

-- The grants of a user with a client in a workspace, by age: the oldest beyond the limit ends.
CREATE INDEX families_live ON families (user_id, client_id, workspace_id, created_at) WHERE revoked_at IS NULL;

-- +goose Down
DROP INDEX families_live;
