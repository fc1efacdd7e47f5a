-- +goose Up

-- Equal consents by their time: the newest of those that are old, and what it supersedes, are found however many were given today.
CREATE INDEX consents_equal ON consents (user_id, client_id, workspace_id, scope, approved_at);

-- +goose Down
DROP INDEX consents_equal;
