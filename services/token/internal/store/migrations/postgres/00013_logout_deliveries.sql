-- +goose Up

-- How far the revocation log was read for clients that get logout tokens (OpenID Connect Back-Channel Logout 1.0): from now on.
CREATE TABLE logout_position (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    cursor BIGINT  NOT NULL
);
INSERT INTO logout_position (id, cursor) SELECT 1, cursor FROM revocation_head WHERE id = 1;

-- The outbox and the log of logout tokens. Each is about a session of a client's user, as it was established last (signed_in_at): the
-- same session is not announced twice. locked_until is when another replica may send it, at the earliest; finished_at is NULL while the
-- client has not answered.
CREATE TABLE logout_deliveries (
    id           BIGINT  NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    client_id    TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    sid          TEXT    NOT NULL,
    signed_in_at BIGINT  NOT NULL,
    reason       TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    due_at       BIGINT  NOT NULL,
    locked_until BIGINT  NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL DEFAULT 0,
    attempted_at BIGINT,
    http_status  INTEGER NOT NULL DEFAULT 0,
    problem      TEXT    NOT NULL DEFAULT '',
    delivered    BOOLEAN NOT NULL DEFAULT FALSE,
    finished_at  BIGINT,
    UNIQUE (client_id, user_id, sid, signed_in_at)
);
CREATE INDEX logout_deliveries_due ON logout_deliveries (client_id, due_at) WHERE finished_at IS NULL;
CREATE INDEX logout_deliveries_finished ON logout_deliveries (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX logout_deliveries_client ON logout_deliveries (client_id, id);

-- +goose Down
DROP TABLE logout_deliveries;
DROP TABLE logout_position;
