-- +goose Up

-- The audit trail had a partition for each day, and a list locks each of them with its seven indexes: a year of them did not fit in the
-- lock table of a server with the usual settings. The service now divides the retention by sixteen. Here 23 days, which is that of the
-- usual retention, become one, as a table that is filled while the trail is still read. What is partly dropped is older than the retention.
-- +goose StatementBegin
DO $$
DECLARE
    wide  RECORD;
    old   RECORD;
    name  TEXT;
BEGIN
    PERFORM pg_advisory_xact_lock(1633907817); -- the one under which the service changes partitions
    LOCK TABLE audit_events IN SHARE ROW EXCLUSIVE MODE;
    CREATE TEMPORARY TABLE days ON COMMIT DROP AS
    SELECT c.relname AS name, substring(c.relname FROM '^audit_events_day_(\d+)$')::bigint AS day, i.inhdetachpending AS dropping
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'audit_events'::regclass AND c.relname ~ '^audit_events_day_\d+$';
    FOR wide IN SELECT DISTINCT day / 23 * 23 AS first FROM days WHERE NOT dropping LOOP
        name := format('audit_events_days_%s_%s', wide.first, wide.first + 23);
        EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING ALL)', name);
        FOR old IN SELECT * FROM days WHERE day / 23 * 23 = wide.first AND NOT dropping LOOP
            EXECUTE format('INSERT INTO %I SELECT * FROM %I', name, old.name);
        END LOOP;
    END LOOP;
    FOR old IN SELECT * FROM days LOOP
        EXECUTE format('DROP TABLE %I', old.name);
    END LOOP;
    FOR wide IN SELECT DISTINCT day / 23 * 23 AS first FROM days WHERE NOT dropping LOOP
        name := format('audit_events_days_%s_%s', wide.first, wide.first + 23);
        EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name,
            wide.first * 86400000000, (wide.first + 23) * 86400000000);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- +goose Down
SELECT 1;
