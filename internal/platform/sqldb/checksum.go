package sqldb

import (
	"context"
	"fmt"
)

// recorded is the stored checksum of a migration's file.
type recorded struct {
	checksum string
	at       int64
}

const createChecksums = `
CREATE TABLE IF NOT EXISTS schema_checksums (
    version    BIGINT PRIMARY KEY,
    name       TEXT   NOT NULL,
    checksum   TEXT   NOT NULL,
    applied_at BIGINT NOT NULL
)`

const recordChecksum = `
INSERT INTO schema_checksums (version, name, checksum, applied_at) VALUES ($1, $2, $3, {{now}})
ON CONFLICT (version) DO UPDATE SET name = excluded.name, checksum = excluded.checksum, applied_at = excluded.applied_at`

// recordChecksums compares applied migrations with their files, and records the checksums of the
// files about to be applied: before they run, so that a crash in between leaves no applied
// migration without its checksum. The file of a failed migration may still change: a checksum is
// compared only once its migration is applied.
func (db *DB) recordChecksums(ctx context.Context, sources []source) error {
	if _, err := db.Exec(ctx, createChecksums); err != nil {
		return fmt.Errorf("creating the table of checksums: %w", err)
	}
	applied, err := db.appliedVersions(ctx)
	if err != nil {
		return err
	}
	known, err := db.checksums(ctx)
	if err != nil {
		return err
	}
	for _, s := range sources {
		k, ok := known[s.version]
		if ok && k.checksum == s.checksum {
			continue
		}
		if ok && applied[s.version] {
			return fmt.Errorf("%w: %s", ErrMigrationChanged, s.name)
		}
		if _, err := db.Exec(ctx, db.SQL(recordChecksum), s.version, s.name, s.checksum); err != nil {
			return fmt.Errorf("recording the checksum of %s: %w", s.name, err)
		}
	}
	return nil
}

// checksums returns the recorded checksums; none before the first migration.
func (db *DB) checksums(ctx context.Context) (map[int64]recorded, error) {
	known := make(map[int64]recorded)
	err := db.each(ctx, "schema_checksums", `SELECT version, checksum, applied_at FROM schema_checksums`, func(row Row) error {
		var version int64
		var r recorded
		err := row.Scan(&version, &r.checksum, &r.at)
		known[version] = r
		return err
	})
	return known, err
}

// appliedVersions reads goose's own table; it is empty before the first migration. It returns
// ErrSchemaPrivilege where the table looks missing only because the role may not use the schema.
func (db *DB) appliedVersions(ctx context.Context) (map[int64]bool, error) {
	applied := make(map[int64]bool)
	err := db.each(ctx, "goose_db_version", `SELECT version_id FROM goose_db_version WHERE is_applied`, func(row Row) error {
		var version int64
		err := row.Scan(&version)
		applied[version] = true
		return err
	})
	if err == nil && len(applied) == 0 {
		err = db.checkSchema(ctx)
	}
	return applied, err
}

// each calls f for each row of a table that may not exist yet.
func (db *DB) each(ctx context.Context, table, text string, f func(Row) error) error {
	var exists bool
	if err := db.QueryRow(ctx, db.engine.tableExists(table)).Scan(&exists); err != nil || !exists {
		return Wrap("looking for "+table, err)
	}
	return Each(ctx, db, Read("reading "+table, text), f)
}
