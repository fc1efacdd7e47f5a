-- +goose Up

-- A developer is a member who may register clients of the workspace. SQLite cannot change a rule: the table is written anew.
CREATE TABLE memberships_with_developers (
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    role         TEXT    NOT NULL CHECK (role IN ('member', 'administrator', 'developer')),
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, workspace_id)
);
INSERT INTO memberships_with_developers SELECT user_id, workspace_id, role, created_at FROM memberships;
DROP TABLE memberships;
ALTER TABLE memberships_with_developers RENAME TO memberships;
CREATE INDEX memberships_workspace ON memberships (workspace_id);

-- +goose Down
CREATE TABLE memberships_before (
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    role         TEXT    NOT NULL CHECK (role IN ('member', 'administrator')),
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (user_id, workspace_id)
);
INSERT INTO memberships_before
SELECT user_id, workspace_id, CASE role WHEN 'developer' THEN 'member' ELSE role END, created_at FROM memberships;
DROP TABLE memberships;
ALTER TABLE memberships_before RENAME TO memberships;
CREATE INDEX memberships_workspace ON memberships (workspace_id);
