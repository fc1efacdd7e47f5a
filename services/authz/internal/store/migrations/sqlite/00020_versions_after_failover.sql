-- +goose Up

-- SQLite has no failover: nothing changes.
SELECT 1;

-- +goose Down
SELECT 1;
