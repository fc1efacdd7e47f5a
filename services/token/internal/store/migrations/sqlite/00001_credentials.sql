-- +goose Up

-- A pair is a user and an app. Its epoch rises with every revocation of all that is between them.
CREATE TABLE pairs (
    user_id   TEXT   NOT NULL,
    client_id TEXT   NOT NULL,
    epoch     INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
);

-- A family is what came of one authorization: its name is the hash of the code that began it, so the
-- primary key is what makes a code single-use. Scope, binding and the ids never change; the rest does.
CREATE TABLE families (
    id                 BLOB   NOT NULL PRIMARY KEY,
    user_id            TEXT   NOT NULL,
    client_id          TEXT   NOT NULL,
    workspace_id       TEXT   NOT NULL,
    display_name       TEXT   NOT NULL,
    scope              TEXT   NOT NULL,
    epoch              INTEGER NOT NULL,
    redirect_uri       TEXT   NOT NULL,
    code_challenge     TEXT   NOT NULL,
    created_at         INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    refresh_hash       BLOB   NOT NULL,
    refresh_issued_at  INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    last_used_at       INTEGER NOT NULL,
    revoked_at         INTEGER,
    -- The predecessor inside the retry window, and the current pair as only its holder can read it.
    retry_hash         BLOB,
    retry_sealed       BLOB,
    retry_until        INTEGER
);
CREATE UNIQUE INDEX families_refresh_hash ON families (refresh_hash);
CREATE INDEX families_pair ON families (user_id, client_id);
CREATE INDEX families_retry ON families (retry_until) WHERE retry_until IS NOT NULL;

-- Access tokens and the evidence of spent refresh tokens; expired rows are deleted in small steps
-- (see partitions.go).
CREATE TABLE access_tokens (
    hash       BLOB   NOT NULL,
    family_id  BLOB   NOT NULL,
    scope      TEXT   NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (hash)
);
CREATE INDEX access_tokens_expires_at ON access_tokens (expires_at);

CREATE TABLE spent_refresh_tokens (
    hash       BLOB   NOT NULL,
    family_id  BLOB   NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (hash)
);
CREATE INDEX spent_refresh_tokens_expires_at ON spent_refresh_tokens (expires_at);

-- The revocation log. The head row is locked from the append to the commit, so that the order of cursors is
-- the order of commits and a follower never misses an entry.
CREATE TABLE revocation_head (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    cursor INTEGER   NOT NULL
);
INSERT INTO revocation_head (id, cursor) VALUES (1, 0);

CREATE TABLE revocations (
    cursor     INTEGER   NOT NULL PRIMARY KEY,
    kind       INTEGER NOT NULL,
    reason     INTEGER NOT NULL,
    token_hash BLOB,
    family_id  BLOB,
    user_id    TEXT     NOT NULL,
    client_id  TEXT     NOT NULL,
    epoch      INTEGER   NOT NULL,
    revoked_at INTEGER   NOT NULL
);

-- +goose Down
DROP TABLE revocations;
DROP TABLE revocation_head;
DROP TABLE spent_refresh_tokens;
DROP TABLE access_tokens;
DROP TABLE families;
DROP TABLE pairs;
