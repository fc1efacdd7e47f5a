-- +goose Up

-- In the order of bytes a prefix of kinds is a range.
ALTER TABLE audit_events ALTER COLUMN kind TYPE TEXT COLLATE "C";

-- +goose Down
ALTER TABLE audit_events ALTER COLUMN kind TYPE TEXT;
