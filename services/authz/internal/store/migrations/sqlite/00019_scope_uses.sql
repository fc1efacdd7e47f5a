-- +goose Up

-- The day on which a scope of a client was last granted, or added to the client, counted from 1970 (UTC). A table of its own, since a
-- use must not raise the version of the clients. It has a row for each scope of a client, however often that is granted.
CREATE TABLE client_scope_uses (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scope     TEXT NOT NULL,
    used_on   INTEGER NOT NULL,
    PRIMARY KEY (client_id, scope)
);

-- Since when uses are recorded, in microseconds: before it has been so for a while, a scope without a use says nothing.
CREATE TABLE scope_use_start (
    began_at INTEGER NOT NULL
);
INSERT INTO scope_use_start (began_at) VALUES (CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000);

-- +goose Down
DROP TABLE scope_use_start;
DROP TABLE client_scope_uses;
