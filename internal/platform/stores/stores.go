// Package stores opens what a service keeps its facts in, by the process's settings, and closes it when the process ends.
//
// It owns the opening. It stands apart from package run because the gateway runs without any database.
package stores

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// Database opens a service's database, and fails unless its schema is current.
func Database(ctx context.Context, h *run.Host, u secret.String, migrations fs.FS) (*sqldb.DB, error) {
	db, err := open(ctx, h, h.Name, u)
	if err != nil {
		return nil, err
	}
	if err := db.CheckSessions(ctx); err != nil {
		return nil, fmt.Errorf("%s.database_url: %w", h.Name, err)
	}
	pending, err := sqldb.NeedsMigration(ctx, db, migrations)
	if err != nil {
		return nil, fmt.Errorf("asking for the schema's version: %w", err)
	}
	if pending {
		return nil, errors.New("the schema has pending migrations: run `usher migrate up` first")
	}
	return db, nil
}

// CheckDatabase names what is wrong with a service's database URL, by its setting. It connects to nothing.
func CheckDatabase(service string, u secret.String) []error {
	if u.IsZero() {
		return nil // a missing setting already
	}
	if err := (sqldb.Config{URL: u}).Validate(); err != nil {
		return []error{fmt.Errorf("%s.database_url: %w", service, err)}
	}
	return nil
}

// Schema is one service's database in a process that has several.
type Schema struct {
	// Name is the service's.
	Name       string
	URL        secret.String
	Migrations fs.FS
}

// Migrated opens a service's database and brings its schema up to date: for the all-in-one, which nobody else shares.
func Migrated(ctx context.Context, h *run.Host, s Schema) (*sqldb.DB, error) {
	db, err := open(ctx, h, s.Name, s.URL)
	if err != nil {
		return nil, err
	}
	return db, sqldb.Migrate(ctx, db, s.Migrations)
}

func open(ctx context.Context, h *run.Host, name string, u secret.String) (*sqldb.DB, error) {
	if u.IsZero() {
		return nil, fmt.Errorf("%s.database_url is not set", name)
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: u, ClockOffset: h.Settings.ClockOffset, Tracer: h.Tracing.Provider()})
	if err != nil {
		return nil, fmt.Errorf("%s.database_url: %w", name, err)
	}
	h.Closing(db.Close)
	h.Metrics.Pool(name, func() telemetry.Pool { return telemetry.Pool(db.Pool()) })
	return db, nil
}

// Memory opens the short-lived store of a process that has nobody to share it with.
func Memory(h *run.Host) shortlived.Store {
	store := shortlived.NewMemory(shortlived.MemoryOptions{Now: h.Settings.Now})
	h.Closing(store.Close)
	return store
}
