-- +goose Up

-- The clients with a document that an operator disabled, by the URL of the document. There are as many as operators disable.
CREATE TABLE disabled_documents (
    id          TEXT   NOT NULL PRIMARY KEY,
    disabled_at BIGINT NOT NULL
);

-- Deferred, so that the row is locked only while the change commits.
CREATE CONSTRAINT TRIGGER disabled_documents_version AFTER INSERT OR DELETE ON disabled_documents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_client_version();

-- +goose Down
DROP TABLE disabled_documents;
