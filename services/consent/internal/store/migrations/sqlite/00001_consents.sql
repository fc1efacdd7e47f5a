-- +goose Up

-- One approval of one authorization request, of which only the hash is known. The scopes are names separated by single
-- spaces: they are only ever read together.
CREATE TABLE consents (
    request_id_hash BLOB    NOT NULL PRIMARY KEY,
    user_id         TEXT    NOT NULL,
    client_id       TEXT    NOT NULL,
    workspace_id    TEXT    NOT NULL,
    scope           TEXT    NOT NULL,
    epoch           INTEGER NOT NULL,
    approved_at     INTEGER NOT NULL
);
CREATE INDEX consents_user_id ON consents (user_id, client_id);

-- +goose Down
DROP TABLE consents;
