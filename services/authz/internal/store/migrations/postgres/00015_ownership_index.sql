-- +goose NO TRANSACTION
-- +goose Up

-- The console lists the clients of a workspace, and the operator those that wait for a review.
DROP INDEX CONCURRENTLY IF EXISTS clients_owner;
CREATE INDEX CONCURRENTLY clients_owner ON clients (owner_workspace_id) WHERE owner_workspace_id <> '';
DROP INDEX CONCURRENTLY IF EXISTS clients_submitted;
CREATE INDEX CONCURRENTLY clients_submitted ON clients (submitted_at) WHERE submitted_at IS NOT NULL;

-- +goose Down
DROP INDEX CONCURRENTLY clients_submitted;
DROP INDEX CONCURRENTLY clients_owner;
