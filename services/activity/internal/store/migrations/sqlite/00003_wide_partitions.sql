-- +goose Up

-- SQLite has no partitions.
SELECT 1;

-- +goose Down
SELECT 1;
