package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

// ErrMigrationChanged means that the file of an applied migration differs from the one that was
// applied.
var ErrMigrationChanged = errors.New("an applied migration was changed")

// Migration is one step of a schema.
type Migration struct {
	Version int64
	// Name is the name of its file.
	Name string
	// AppliedAt is the zero time while the step is pending.
	AppliedAt time.Time
}

// Pending reports whether the step is yet to be applied.
func (m Migration) Pending() bool { return m.AppliedAt.IsZero() }

// source is a migration's file.
type source struct {
	version        int64
	name, checksum string
}

// migrator is the part of a migration that differs between engines.
type migrator interface {
	dialect() goose.Dialect
	// openSchema returns a database without statement timeouts, and a function that closes it.
	openSchema() (*sql.DB, func() error)
	// lockSchema excludes concurrent migrations of the same database until unlock.
	lockSchema(ctx context.Context, db *sql.DB) (unlock func() error, err error)
	// tableExists returns a query for one boolean.
	tableExists(table string) string
}

// Migrate applies the pending steps in fsys, whose folder migrations holds a folder for each engine,
// in the order of their numbers, each in a transaction of its own. A step waits for a table that a long query
// reads, one second at a time, so that other queries do not queue behind it. Concurrent migrations
// of the same PostgreSQL database wait for each other. Steps that only the database has are
// ignored: they belong to a later release. It returns ErrMigrationChanged when an applied step's
// file differs from the one that was applied.
func Migrate(ctx context.Context, db *DB, fsys fs.FS) (err error) {
	files, sources, err := db.sources(fsys)
	if err != nil || len(sources) == 0 {
		return err
	}
	if err := db.CheckSessions(ctx); err != nil {
		return err
	}
	conns, done := db.engine.openSchema()
	defer func() { err = errors.Join(err, done()) }()
	unlock, err := db.engine.lockSchema(ctx, conns)
	if err != nil {
		return fmt.Errorf("waiting for the migration lock: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := db.recordChecksums(ctx, sources); err != nil {
		return err
	}
	provider, err := goose.NewProvider(db.engine.dialect(), conns, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	for try := 1; ; try++ {
		_, err := provider.Up(ctx)
		if err == nil {
			return nil
		}
		if !inUse(err) || try == schemaTries || !pause(ctx, schemaPause) {
			return fmt.Errorf("migrating: %w", err)
		}
	}
}

// inUse reports whether a step failed because it did not get a table lock within schemaWait.
func inUse(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}

// MigrationStatus lists the steps in fsys, in order. It changes nothing.
func MigrationStatus(ctx context.Context, db *DB, fsys fs.FS) ([]Migration, error) {
	_, sources, err := db.sources(fsys)
	if err != nil {
		return nil, err
	}
	applied, err := db.appliedVersions(ctx)
	if err != nil {
		return nil, err
	}
	recorded, err := db.checksums(ctx)
	if err != nil {
		return nil, err
	}
	steps := make([]Migration, 0, len(sources))
	for _, s := range sources {
		step := Migration{Version: s.version, Name: s.name}
		if applied[s.version] {
			step.AppliedAt = time.UnixMicro(recorded[s.version].at).UTC()
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// NeedsMigration reports whether a step in fsys is pending. It returns ErrUnavailable if the
// database cannot be read and written. It is cheap enough for a readiness probe.
func NeedsMigration(ctx context.Context, db *DB, fsys fs.FS) (bool, error) {
	if err := db.Ping(ctx); err != nil {
		return false, err
	}
	_, sources, err := db.sources(fsys)
	if err != nil {
		return false, err
	}
	applied, err := db.appliedVersions(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(sources, func(s source) bool { return !applied[s.version] }), nil
}

// sources returns the folder of the database's engine, and its migrations in the order of their
// numbers.
func (db *DB) sources(fsys fs.FS) (files fs.FS, sources []source, err error) {
	if files, err = fs.Sub(fsys, "migrations/"+string(db.kind)); err != nil {
		return nil, nil, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, nil, fmt.Errorf("migration %s: %w", name, err)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, nil, fmt.Errorf("reading a migration: %w", err)
		}
		sum := sha256.Sum256(text)
		sources = append(sources, source{version: version, name: name, checksum: hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(sources, func(a, b source) int { return int(a.version - b.version) })
	return files, sources, nil
}
