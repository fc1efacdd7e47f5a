-- +goose Up

-- When the user of a session signed in, by the clock of the service; NULL where that is not known. With it the row has all of a session.
ALTER TABLE browser_sessions ADD COLUMN authenticated_at BIGINT;

-- +goose Down
ALTER TABLE browser_sessions DROP COLUMN authenticated_at;
