-- +goose Up

-- A pair is a user and an app. Its epoch rises with every revocation of all that is between them.
CREATE TABLE pairs (
    user_id   TEXT   NOT NULL,
    client_id TEXT   NOT NULL,
    epoch     BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_id)
);

-- A family is what came of one authorization: its name is the hash of the code that began it, so the
-- primary key is what makes a code single-use. Scope, binding and the ids never change; the rest does.
CREATE TABLE families (
    id                 BYTEA  NOT NULL PRIMARY KEY,
    user_id            TEXT   NOT NULL,
    client_id          TEXT   NOT NULL,
    workspace_id       TEXT   NOT NULL,
    display_name       TEXT   NOT NULL,
    scope              TEXT   NOT NULL,
    epoch              BIGINT NOT NULL,
    redirect_uri       TEXT   NOT NULL,
    code_challenge     TEXT   NOT NULL,
    created_at         BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL,
    refresh_hash       BYTEA  NOT NULL,
    refresh_issued_at  BIGINT NOT NULL,
    refresh_expires_at BIGINT NOT NULL,
    last_used_at       BIGINT NOT NULL,
    revoked_at         BIGINT,
    -- The predecessor inside the retry window, and the current pair as only its holder can read it.
    retry_hash         BYTEA,
    retry_sealed       BYTEA,
    retry_until        BIGINT
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX families_refresh_hash ON families (refresh_hash);
CREATE INDEX families_pair ON families (user_id, client_id);
CREATE INDEX families_retry ON families (retry_until) WHERE retry_until IS NOT NULL;

-- Access tokens and the evidence of spent refresh tokens lie in partitions by expiry, dropped whole
-- (see partitions.go); no row is ever deleted.
CREATE TABLE access_tokens (
    hash       BYTEA  NOT NULL,
    family_id  BYTEA  NOT NULL,
    scope      TEXT   NOT NULL,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (hash, expires_at)
) PARTITION BY RANGE (expires_at);

CREATE TABLE spent_refresh_tokens (
    hash       BYTEA  NOT NULL,
    family_id  BYTEA  NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (hash, expires_at)
) PARTITION BY RANGE (expires_at);

-- The revocation log. The head row is locked from the append to the commit, so that the order of cursors is
-- the order of commits and a follower never misses an entry.
CREATE TABLE revocation_head (
    id     SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    cursor BIGINT   NOT NULL
);
INSERT INTO revocation_head (id, cursor) VALUES (1, 0);

CREATE TABLE revocations (
    cursor     BIGINT   NOT NULL PRIMARY KEY,
    kind       SMALLINT NOT NULL,
    reason     SMALLINT NOT NULL,
    token_hash BYTEA,
    family_id  BYTEA,
    user_id    TEXT     NOT NULL,
    client_id  TEXT     NOT NULL,
    epoch      BIGINT   NOT NULL,
    revoked_at BIGINT   NOT NULL
);

-- +goose Down
DROP TABLE revocations, revocation_head, spent_refresh_tokens, access_tokens, families, pairs;
