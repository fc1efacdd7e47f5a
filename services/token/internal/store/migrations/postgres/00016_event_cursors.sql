-- +goose Up

-- A transaction that writes an event takes its cursor from a sequence, so that it waits for no other one: internal/platform/outbox
-- describes how the order is kept. event_head.cursor is no longer written. trimmed_cursor is the last one that was deleted, since the
-- cursors of failed transactions are missing too.
CREATE SEQUENCE event_cursor;
SELECT setval('event_cursor', cursor) FROM event_head WHERE cursor > 0;
ALTER TABLE event_head ADD COLUMN trimmed_cursor BIGINT NOT NULL DEFAULT 0;
UPDATE event_head SET trimmed_cursor = COALESCE((SELECT MIN(e.cursor) FROM events e) - 1, cursor);

-- +goose Down
ALTER TABLE event_head DROP COLUMN trimmed_cursor;
UPDATE event_head SET cursor = (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_cursor);
DROP SEQUENCE event_cursor;
