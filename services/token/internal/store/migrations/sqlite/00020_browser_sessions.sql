-- +goose Up

-- The grants of a user with a session at a client, by the session: the logout tokens of one browser's session are found among any
-- number of others. It replaces families_sessions, whose columns it begins with.
CREATE INDEX families_client_sessions ON families (user_id, client_id, sid) WHERE sid <> '';
DROP INDEX families_sessions;

-- +goose Down
CREATE INDEX families_sessions ON families (user_id, client_id) WHERE sid <> '';
DROP INDEX families_client_sessions;
