-- +goose NO TRANSACTION
-- +goose Up

-- Who may connect clients in a workspace: 1 every member, 2 approved clients only, 3 nobody. A workspace without a row has 1. The setter
-- is an administrator with the display name of the time, or empty for an operator; likewise below.
CREATE TABLE IF NOT EXISTS app_policies (
    workspace_id TEXT     NOT NULL PRIMARY KEY,
    rule         SMALLINT NOT NULL,
    setter_id    TEXT     NOT NULL,
    setter_name  TEXT     NOT NULL,
    set_at       BIGINT   NOT NULL
);

CREATE TABLE IF NOT EXISTS approved_apps (
    workspace_id  TEXT   NOT NULL,
    client_id     TEXT   NOT NULL,
    approver_id   TEXT   NOT NULL,
    approver_name TEXT   NOT NULL,
    approved_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, client_id)
);

-- What members asked their administrators for: 1 waits, 2 was approved, 3 was refused. A member who asks again replaces the row. Cleanup
-- deletes a row after a year.
CREATE TABLE IF NOT EXISTS app_requests (
    workspace_id TEXT     NOT NULL,
    client_id    TEXT     NOT NULL,
    user_id      TEXT     NOT NULL,
    user_name    TEXT     NOT NULL,
    reason       TEXT     NOT NULL,
    requested_at BIGINT   NOT NULL,
    state        SMALLINT NOT NULL,
    answer       TEXT     NOT NULL,
    decider_id   TEXT     NOT NULL,
    decider_name TEXT     NOT NULL,
    decided_at   BIGINT,
    PRIMARY KEY (workspace_id, client_id, user_id)
);
CREATE INDEX IF NOT EXISTS app_requests_listed ON app_requests (workspace_id, requested_at);
CREATE INDEX IF NOT EXISTS app_requests_waiting ON app_requests (workspace_id, requested_at, client_id, user_id) WHERE state = 1;
CREATE INDEX IF NOT EXISTS app_requests_user ON app_requests (user_id, client_id);
CREATE INDEX IF NOT EXISTS app_requests_old ON app_requests (requested_at);

-- Locks of the transactions that count or compare rows: of a workspace's policy and approvals, where user_id is empty, and of a member's
-- requests. The row is locked before the transaction reads.
CREATE TABLE IF NOT EXISTS policy_locks (
    workspace_id TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);

-- Who approved a client for a workspace a moment ago: they may have a code. It is built beside concurrent writes; an index whose building
-- was interrupted is dropped and built anew.
DROP INDEX CONCURRENTLY IF EXISTS consents_workspace;
CREATE INDEX CONCURRENTLY consents_workspace ON consents (workspace_id, client_id, approved_at);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS consents_workspace;
DROP TABLE IF EXISTS policy_locks;
DROP TABLE IF EXISTS app_requests;
DROP TABLE IF EXISTS approved_apps;
DROP TABLE IF EXISTS app_policies;
