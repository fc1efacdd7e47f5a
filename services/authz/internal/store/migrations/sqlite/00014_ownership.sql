-- +goose Up

-- Clients that workspaces own. The workspace and the user who registered the client are empty for a client of the operator, which is
-- live, as every client of release 0.1: that release lets every user connect a draft. A suspended client is disabled too.
ALTER TABLE clients ADD COLUMN owner_workspace_id TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN status TEXT NOT NULL DEFAULT 'live' CHECK (status IN ('draft', 'submitted', 'live', 'suspended'));
-- What the reviewer wrote, and since when the client waits for a review.
ALTER TABLE clients ADD COLUMN review_note TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN submitted_at INTEGER;
-- The user who created a secret; empty for the operator.
ALTER TABLE client_secrets ADD COLUMN created_by TEXT NOT NULL DEFAULT '';

-- How many clients a workspace owns, so that the limit holds for concurrent registrations.
CREATE TABLE client_owners (
    workspace_id TEXT    NOT NULL PRIMARY KEY,
    clients      INTEGER NOT NULL
);

-- Who may connect a client that is not live, by the address of the sign-in in lower case.
CREATE TABLE client_testers (
    client_id  TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    email      TEXT   NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, email)
);

-- The users who approved a client of a workspace, who are counted.
CREATE TABLE client_people (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_id   TEXT NOT NULL,
    PRIMARY KEY (client_id, user_id)
);

-- When a user last approved a request with a redirect URI. A table of its own, since a use must not raise the version of the clients.
CREATE TABLE redirect_uri_uses (
    client_id TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    uri       TEXT   NOT NULL,
    used_at   INTEGER NOT NULL,
    PRIMARY KEY (client_id, uri)
);

-- +goose Down
DROP TABLE redirect_uri_uses;
DROP TABLE client_people;
DROP TABLE client_testers;
DROP TABLE client_owners;
ALTER TABLE client_secrets DROP COLUMN created_by;
ALTER TABLE clients DROP COLUMN submitted_at;
ALTER TABLE clients DROP COLUMN review_note;
ALTER TABLE clients DROP COLUMN status;
ALTER TABLE clients DROP COLUMN created_by;
ALTER TABLE clients DROP COLUMN owner_workspace_id;
