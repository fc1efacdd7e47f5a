-- +goose Up

-- The events for the audit trail, written in the transaction of each change and deleted when they were read and are old. cursor rises by
-- one in the order of commits: a transaction that writes an event locks event_head. read_cursor is how far the activity service stored
-- them. changes and details are JSON: they are only ever read together.
CREATE TABLE event_head (
    id           BIGINT  NOT NULL PRIMARY KEY,
    cursor       BIGINT  NOT NULL,
    read_cursor  BIGINT  NOT NULL
);
INSERT INTO event_head (id, cursor, read_cursor) VALUES (1, 0, 0);
CREATE TABLE events (
    cursor        BIGINT  NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    actor_kind    BIGINT  NOT NULL,
    actor_id      TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    workspace_id  TEXT    NOT NULL,
    client_id     TEXT    NOT NULL,
    object_id     TEXT    NOT NULL,
    changes       TEXT    NOT NULL,
    details       TEXT    NOT NULL,
    request_id    TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL
);

-- +goose Down
DROP TABLE events;
DROP TABLE event_head;
