-- +goose Up

-- SQLite orders text by bytes.
SELECT 1;

-- +goose Down
SELECT 1;
