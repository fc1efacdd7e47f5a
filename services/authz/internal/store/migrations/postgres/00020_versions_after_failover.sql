-- +goose Up

-- A version is never used twice, also after a failover that lost the newest commits: replicas may have
-- clients of the lost version in memory. It is therefore at least the time, in microseconds.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION raise_client_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Once in a transaction, however many rows it changes.
    UPDATE client_version SET version = GREATEST(version + 1, (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint)
    WHERE id = 1 AND xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION raise_dynamic_client_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE dynamic_client_version SET version = GREATEST(version + 1, (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint)
    WHERE id = 1 AND xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION raise_client_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE client_version SET version = version + 1 WHERE id = 1 AND xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION raise_dynamic_client_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE dynamic_client_version SET version = version + 1 WHERE id = 1 AND xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
