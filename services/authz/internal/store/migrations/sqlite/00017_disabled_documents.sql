-- +goose Up

-- The clients with a document that an operator disabled, by the URL of the document. There are as many as operators disable.
CREATE TABLE disabled_documents (
    id          TEXT   NOT NULL PRIMARY KEY,
    disabled_at INTEGER NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER disabled_documents_insert_version AFTER INSERT ON disabled_documents BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER disabled_documents_delete_version AFTER DELETE ON disabled_documents BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE disabled_documents;
