-- +goose Up

-- SQLite builds an index in a transaction.
SELECT 1;

-- +goose Down
SELECT 1;
