-- +goose Up

-- The grants of a user with a session at a client, for logout tokens: finding them costs the same after any number of others.
CREATE INDEX families_sessions ON families (user_id, client_id) WHERE sid <> '';

-- +goose Down
DROP INDEX families_sessions;
