-- +goose NO TRANSACTION
-- +goose Up

-- Equal consents by their time: the newest of those that are old, and what it supersedes, are found however many were given today.
-- Of the scopes the index has a digest, since a list of them may be longer than an index allows. It is built beside concurrent
-- writes; an index whose building was interrupted is dropped and built anew.
DROP INDEX CONCURRENTLY IF EXISTS consents_equal;
CREATE INDEX CONCURRENTLY consents_equal ON consents (user_id, client_id, workspace_id, md5(scope), approved_at);

-- +goose Down
DROP INDEX CONCURRENTLY consents_equal;
