-- +goose Up

-- Equal requests of an hour that named a client, counted together; with overflow = 1 of a day. A partition for each day, which the service creates and drops; the
-- key begins with the partition's, as PostgreSQL requires. Times are microseconds since 1970, days are counted from 1970. got and
-- expected are JSON: they are only ever read together.
CREATE TABLE requests (
    day         BIGINT   NOT NULL,
    client_id   TEXT     NOT NULL,
    kind        BYTEA    NOT NULL,
    endpoint    TEXT     NOT NULL,
    method      TEXT     NOT NULL,
    status      BIGINT   NOT NULL,
    error       TEXT     NOT NULL,
    cause       TEXT     NOT NULL,
    field       TEXT     NOT NULL,
    got         TEXT     NOT NULL,
    expected    TEXT     NOT NULL,
    overflow    BIGINT   NOT NULL,
    amount      BIGINT   NOT NULL,
    first_at    BIGINT   NOT NULL,
    last_at     BIGINT   NOT NULL,
    request_id  TEXT     NOT NULL,
    PRIMARY KEY (day, client_id, kind)
) PARTITION BY RANGE (day);
CREATE INDEX requests_last_at ON requests (last_at, client_id, kind);
CREATE INDEX requests_client ON requests (client_id, last_at);
CREATE INDEX requests_request ON requests (request_id);

-- The row that a transaction locks which adds requests of a client and a day.
CREATE TABLE request_days (
    day         BIGINT   NOT NULL,
    client_id   TEXT     NOT NULL,
    PRIMARY KEY (day, client_id)
);

-- The audit trail, partitioned by the day of at. source and source_cursor are the service that wrote the event and its place there.
CREATE TABLE audit_events (
    at            BIGINT   NOT NULL,
    source        TEXT     NOT NULL,
    source_cursor BIGINT   NOT NULL,
    kind          TEXT     NOT NULL,
    actor_kind    BIGINT   NOT NULL,
    actor_id      TEXT     NOT NULL,
    user_id       TEXT     NOT NULL,
    workspace_id  TEXT     NOT NULL,
    client_id     TEXT     NOT NULL,
    object_id     TEXT     NOT NULL,
    changes       TEXT     NOT NULL,
    details       TEXT     NOT NULL,
    request_id    TEXT     NOT NULL,
    amount        BIGINT   NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX audit_events_at ON audit_events (at, source, source_cursor);
-- One for each filter, in the order of the list: a page costs the same however long the trail is.
CREATE INDEX audit_events_kind ON audit_events (kind, at, source, source_cursor);
CREATE INDEX audit_events_user ON audit_events (user_id, at, source, source_cursor) WHERE user_id <> '';
CREATE INDEX audit_events_workspace ON audit_events (workspace_id, at, source, source_cursor) WHERE workspace_id <> '';
CREATE INDEX audit_events_client ON audit_events (client_id, at, source, source_cursor) WHERE client_id <> '';
CREATE INDEX audit_events_actor ON audit_events (actor_id, at, source, source_cursor) WHERE actor_id <> '';
CREATE INDEX audit_events_request ON audit_events (request_id, at, source, source_cursor) WHERE request_id <> '';

-- How far each service's events were stored: changed in the transaction that stores them, so that none is lost and none is stored
-- twice.
CREATE TABLE feeds (
    source      TEXT     NOT NULL PRIMARY KEY,
    cursor      BIGINT   NOT NULL
);

-- +goose Down
DROP TABLE feeds;
DROP TABLE audit_events;
DROP TABLE request_days;
DROP TABLE requests;
