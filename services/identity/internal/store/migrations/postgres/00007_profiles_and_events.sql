-- +goose Up

-- The language (BCP 47) and the time zone (IANA) that a user reads in; empty for the browser's and for UTC.
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';

-- What happened in an account, as its user reads it. Cleanup deletes a row when its retention is over. Failed sign-ins are counted by
-- the hour, and happened at its start.
CREATE TABLE account_events (
    user_id     TEXT     NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    happened_at BIGINT   NOT NULL,
    kind        SMALLINT NOT NULL,
    count       BIGINT   NOT NULL,
    user_agent  TEXT     NOT NULL,
    network     TEXT     NOT NULL,
    PRIMARY KEY (user_id, happened_at, kind)
);

-- +goose Down
DROP TABLE account_events;
ALTER TABLE users DROP COLUMN time_zone;
ALTER TABLE users DROP COLUMN language;
