-- +goose NO TRANSACTION
-- +goose Up

-- The console lists the clients of a workspace, and the operator those that wait for a review.
CREATE INDEX IF NOT EXISTS clients_owner ON clients (owner_workspace_id) WHERE owner_workspace_id <> '';
CREATE INDEX IF NOT EXISTS clients_submitted ON clients (submitted_at) WHERE submitted_at IS NOT NULL;

-- +goose Down
DROP INDEX clients_submitted;
DROP INDEX clients_owner;
