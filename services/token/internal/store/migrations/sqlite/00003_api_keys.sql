-- +goose Up

-- An API key belongs to its workspace, whoever created it. Of the key itself only the hash is kept, and the last four
-- characters, by which people tell theirs apart. A revoked key stays, so that it is listed.
CREATE TABLE api_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    hash         BLOB NOT NULL,
    workspace_id TEXT NOT NULL,
    name         TEXT NOT NULL,
    last_four    TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE INDEX api_keys_workspace ON api_keys (workspace_id, created_at);

-- +goose Down
DROP TABLE api_keys;
