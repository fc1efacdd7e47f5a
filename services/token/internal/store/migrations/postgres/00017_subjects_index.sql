-- +goose NO TRANSACTION
-- +goose Up

-- The grants of a client by the subject that its ID tokens have. 00009 builds it too, and leaves one whose building was interrupted
-- as it is: invalid, so that no query uses it. It is built beside concurrent writes; an index whose building was interrupted is dropped
-- and built anew.
DROP INDEX CONCURRENTLY IF EXISTS families_subject;
CREATE INDEX CONCURRENTLY families_subject ON families (client_id, subject) WHERE subject <> '';

-- +goose Down
SELECT 1;
