-- +goose NO TRANSACTION
-- +goose Up

-- What limits an API key: scopes and networks, each separated by single spaces and empty for all, and its end. Release 0.1 reads none
-- of it. The workspace_id of a key that is created with a limit has the prefix "restricted:", which is no workspace: processes of 0.1,
-- during an upgrade, refuse the key and do not list it.
ALTER TABLE api_keys
    ADD COLUMN IF NOT EXISTS scope TEXT NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS addresses TEXT NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS expires_at BIGINT,
    -- The user who created it, with the display name of the time; empty for an operator.
    ADD COLUMN IF NOT EXISTS creator_id TEXT NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS creator_name TEXT NOT NULL DEFAULT '',
    -- The key that replaced it; empty for none.
    ADD COLUMN IF NOT EXISTS successor_id TEXT NOT NULL DEFAULT '';

-- The workspaces whose administrators create API keys: the row is locked while the live keys are counted.
CREATE TABLE IF NOT EXISTS key_workspaces (
    workspace_id TEXT NOT NULL PRIMARY KEY
);

-- The versions of the policies of workspaces, which the consent service raises with every change and reads together with the epoch of a
-- user-client. A workspace without a row has the version 0.
CREATE TABLE IF NOT EXISTS policy_versions (
    workspace_id TEXT   NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL
);

-- The clients of a workspace. It is built beside concurrent writes; an index whose building was interrupted is dropped and built anew.
DROP INDEX CONCURRENTLY IF EXISTS families_workspace;
CREATE INDEX CONCURRENTLY families_workspace ON families (workspace_id, client_id) WHERE revoked_at IS NULL;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS families_workspace;
DROP TABLE IF EXISTS policy_versions;
DROP TABLE IF EXISTS key_workspaces;
ALTER TABLE api_keys DROP COLUMN IF EXISTS successor_id, DROP COLUMN IF EXISTS creator_name, DROP COLUMN IF EXISTS creator_id,
    DROP COLUMN IF EXISTS expires_at, DROP COLUMN IF EXISTS addresses, DROP COLUMN IF EXISTS scope;
