-- +goose Up

-- On PostgreSQL cursors come from a sequence from here on. SQLite has one writer at a time, which keeps the last one in event_head.
SELECT 1;

-- +goose Down
SELECT 1;
