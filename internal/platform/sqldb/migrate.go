package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migration is one step of a schema and whether it was applied.
type Migration struct {
	Version int64
	Name    string
	// Applied is zero for a pending step.
	Applied time.Time
}

// ErrChangedMigration is a step whose text is not the one that was applied.
var ErrChangedMigration = errors.New("an applied migration has been changed")

// Migrate brings the schema up to date. The folder holds postgres/ and sqlite/ with goose files. Several processes may do
// it at once: PostgreSQL lets one do the work. A changed step that was applied already is ErrChangedMigration.
func Migrate(ctx context.Context, db *DB, steps fs.FS) error {
	return db.withProvider(steps, func(p *goose.Provider, files fs.FS) error {
		if err := db.checkSums(ctx, files); err != nil {
			return err
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrating: %w", classify(ctx, err))
		}
		return db.recordSums(ctx, p, files)
	})
}

// MigrationStatus lists the steps in order.
func MigrationStatus(ctx context.Context, db *DB, steps fs.FS) ([]Migration, error) {
	var list []Migration
	err := db.withProvider(steps, func(p *goose.Provider, _ fs.FS) error {
		status, err := p.Status(ctx)
		if err != nil {
			return fmt.Errorf("reading the schema's version: %w", classify(ctx, err))
		}
		for _, s := range status {
			list = append(list, Migration{Version: s.Source.Version, Name: path.Base(s.Source.Path), Applied: s.AppliedAt})
		}
		return nil
	})
	return list, err
}

// NeedsMigration reports whether a step is pending. It is cheap enough for a readiness probe.
func NeedsMigration(ctx context.Context, db *DB, steps fs.FS) (bool, error) {
	files, err := db.files(steps)
	if err != nil {
		return false, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return false, err
	}
	var applied int
	err = db.QueryRow(ctx, `SELECT COUNT(*) FROM schema_checksums`).Scan(&applied)
	if errors.Is(err, ErrUnavailable) || errors.Is(err, context.Canceled) {
		return false, err
	}
	// Any other failure is the table that the first migration makes.
	return err != nil || applied < len(names), nil
}

func (db *DB) files(steps fs.FS) (fs.FS, error) {
	if db.engine == Postgres {
		return fs.Sub(steps, "postgres")
	}
	return fs.Sub(steps, "sqlite")
}

func (db *DB) withProvider(steps fs.FS, work func(*goose.Provider, fs.FS) error) error {
	files, err := db.files(steps)
	if err != nil {
		return err
	}
	handle, dialect, options := db.writer, goose.DialectSQLite3, []goose.ProviderOption(nil)
	if db.engine == Postgres {
		handle, dialect = stdlib.OpenDBFromPool(db.pool), goose.DialectPostgres
		defer handle.Close() //nolint:errcheck // the pool stays open and is ours
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("preparing the migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := provider(dialect, handle, files, options)
	if err != nil {
		return err
	}
	return work(p, files)
}

func provider(dialect goose.Dialect, handle *sql.DB, files fs.FS, options []goose.ProviderOption) (*goose.Provider, error) {
	p, err := goose.NewProvider(dialect, handle, files, options...)
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return p, nil
}

const createSums = `CREATE TABLE IF NOT EXISTS schema_checksums (name TEXT NOT NULL PRIMARY KEY, sum TEXT NOT NULL)`

// checkSums holds the applied steps against their files.
func (db *DB) checkSums(ctx context.Context, files fs.FS) error {
	if _, err := db.Exec(ctx, createSums); err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("making the checksum table: %w", err)
	}
	rows, err := db.Query(ctx, `SELECT name, sum FROM schema_checksums`)
	if err != nil {
		return fmt.Errorf("reading the checksums: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, sum string
		if err := rows.Scan(&name, &sum); err != nil {
			return fmt.Errorf("reading a checksum: %w", err)
		}
		// A step that this release does not know was applied by a newer one: an older release may run on a newer schema.
		text, err := fs.ReadFile(files, name)
		if err == nil && sumOf(text) != sum {
			return fmt.Errorf("%w: %s", ErrChangedMigration, name)
		}
	}
	return rows.Err()
}

func (db *DB) recordSums(ctx context.Context, p *goose.Provider, files fs.FS) error {
	for _, source := range p.ListSources() {
		name := path.Base(source.Path)
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("reading a migration: %w", err)
		}
		_, err = db.Exec(ctx, `INSERT INTO schema_checksums (name, sum) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, sumOf(text))
		if err != nil {
			return fmt.Errorf("recording a checksum: %w", err)
		}
	}
	return nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
