-- +goose Up

-- What limits an API key: scopes and networks, each separated by single spaces and empty for all, and its end. Release 0.1 reads none
-- of it. The workspace_id of a key that is created with a limit has the prefix "restricted:", which is no workspace: processes of 0.1,
-- during an upgrade, refuse the key and do not list it.
ALTER TABLE api_keys ADD COLUMN scope TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
-- The user who created it, with the display name of the time; empty for an operator.
ALTER TABLE api_keys ADD COLUMN creator_id TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN creator_name TEXT NOT NULL DEFAULT '';
-- The key that replaced it; empty for none.
ALTER TABLE api_keys ADD COLUMN successor_id TEXT NOT NULL DEFAULT '';

-- The workspaces whose administrators create API keys: the row is locked while the live keys are counted.
CREATE TABLE key_workspaces (
    workspace_id TEXT NOT NULL PRIMARY KEY
);

-- The versions of the policies of workspaces, which the consent service raises with every change and reads together with the epoch of a
-- user-client. A workspace without a row has the version 0.
CREATE TABLE policy_versions (
    workspace_id TEXT    NOT NULL PRIMARY KEY,
    version      INTEGER NOT NULL
);

-- The clients of a workspace.
CREATE INDEX families_workspace ON families (workspace_id, client_id) WHERE revoked_at IS NULL;

-- +goose Down
DROP INDEX families_workspace;
DROP TABLE policy_versions;
DROP TABLE key_workspaces;
ALTER TABLE api_keys DROP COLUMN successor_id;
ALTER TABLE api_keys DROP COLUMN creator_name;
ALTER TABLE api_keys DROP COLUMN creator_id;
ALTER TABLE api_keys DROP COLUMN expires_at;
ALTER TABLE api_keys DROP COLUMN addresses;
ALTER TABLE api_keys DROP COLUMN scope;
