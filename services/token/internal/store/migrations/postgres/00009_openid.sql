-- +goose NO TRANSACTION
-- +goose Up

-- How ID tokens name the user of a grant (OpenID Connect Core §2). Release 0.1 writes none of them. The subject is empty for a client
-- that gets the user's identifier; auth_time is when the user authenticated, NULL where that is not known; sid is the session in which
-- the user approved. Each statement locks one table only, so that it cannot deadlock with a query of both.
ALTER TABLE families ADD COLUMN IF NOT EXISTS subject TEXT NOT NULL DEFAULT '';
ALTER TABLE families ADD COLUMN IF NOT EXISTS auth_time BIGINT;
ALTER TABLE families ADD COLUMN IF NOT EXISTS sid TEXT NOT NULL DEFAULT '';
CREATE INDEX CONCURRENTLY IF NOT EXISTS families_subject ON families (client_id, subject) WHERE subject <> '';

-- The keys that sign ID tokens: of each algorithm one row for a generation, which signs from active_at until that of the next one. The
-- private key is encrypted, and NULL once the generation does not sign any more.
CREATE TABLE IF NOT EXISTS signing_keys (
    algorithm  TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    kid        TEXT   NOT NULL,
    public_jwk TEXT   NOT NULL,
    sealed     BYTEA,
    created_at BIGINT NOT NULL,
    active_at  BIGINT NOT NULL,
    PRIMARY KEY (algorithm, generation)
);

-- Secrets that are drawn once and never change, encrypted.
CREATE TABLE IF NOT EXISTS stored_secrets (
    name       TEXT   NOT NULL PRIMARY KEY,
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE IF EXISTS stored_secrets;
DROP TABLE IF EXISTS signing_keys;
DROP INDEX CONCURRENTLY IF EXISTS families_subject;
ALTER TABLE families DROP COLUMN IF EXISTS sid;
ALTER TABLE families DROP COLUMN IF EXISTS auth_time;
ALTER TABLE families DROP COLUMN IF EXISTS subject;
