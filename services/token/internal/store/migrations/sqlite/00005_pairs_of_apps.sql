-- +goose Up

-- What an app has with everybody is found by the app: to list it, and to end all of it.
CREATE INDEX pairs_client ON pairs (client_id, user_id);

-- +goose Down
DROP INDEX pairs_client;
