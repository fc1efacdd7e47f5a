// Package stores opens a service's databases by the process's settings, and closes them when the
// process ends.
//
// It owns the opening. It is separate from package run because the gateway runs without a database.
package stores

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Database opens the database of h's service, and waits while it is unavailable. An outdated schema
// fails the start, and makes the process not ready when it is detected later; the all-in-one, which
// has exclusive use of its databases, migrates it and does not wait.
func Database(ctx context.Context, h *run.Host, u secret.String, migrations fs.FS) (*sqldb.DB, error) {
	db, err := open(ctx, h, u)
	if err != nil {
		return nil, err
	}
	schema := schema{service: h.Name, db: db, migrations: migrations}
	if h.AllInOne() {
		err = sqldb.Migrate(ctx, db, migrations)
	} else {
		err = schema.wait(ctx, h)
	}
	if err != nil {
		return nil, err
	}
	h.Checking(schema.ready)
	return db, nil
}

// schema is the schema that a service's release needs.
type schema struct {
	service    string
	db         *sqldb.DB
	migrations fs.FS
}

// databaseEvery is the interval of the attempts to reach a database.
const databaseEvery = time.Second

// wait waits until the database responds, and returns why the process cannot start on it. Meanwhile
// the admin port is served, so that no probe restarts the process.
func (s schema) wait(ctx context.Context, h *run.Host) error {
	for {
		err := s.usable(ctx)
		if !errors.Is(err, sqldb.ErrUnavailable) {
			return err
		}
		h.Logger.Warn("the database cannot be used now", "error", err)
		if err := h.ServeAdmin(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(databaseEvery):
		}
	}
}

// usable reports whether a process can start on the database.
func (s schema) usable(ctx context.Context) error {
	if err := s.db.CheckSessions(ctx); err != nil {
		return fmt.Errorf("%s.database_url: %w", s.service, err)
	}
	return s.ready(ctx)
}

// ready is the process's readiness check: the database is up and its schema is current.
func (s schema) ready(ctx context.Context) error {
	pending, err := sqldb.NeedsMigration(ctx, s.db, s.migrations)
	if err != nil {
		return fmt.Errorf("reading the version of the %s schema: %w", s.service, err)
	}
	if pending {
		return fmt.Errorf("the %s schema has pending migrations: run `usher migrate up`", s.service)
	}
	return nil
}

// CheckDatabase validates a service's database URL and names its setting. It connects to nothing.
func CheckDatabase(service string, u secret.String) []error {
	if u.IsZero() {
		return nil // reported as a missing setting
	}
	if err := (sqldb.Config{URL: u}).Validate(); err != nil {
		return []error{fmt.Errorf("%s.database_url: %w", service, err)}
	}
	return nil
}

func open(ctx context.Context, h *run.Host, u secret.String) (*sqldb.DB, error) {
	name := h.Name
	if u.IsZero() {
		return nil, fmt.Errorf("%s.database_url is not set", name)
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: u, ClockOffset: h.Settings.ClockOffset, Tracer: h.Tracing.Provider()})
	if err != nil {
		return nil, fmt.Errorf("%s.database_url: %w", name, err)
	}
	h.Closing(db.Close)
	h.Metrics.Pool(name, db.Pool)
	return db, nil
}

// ShortLived opens the short-lived store: Redis, which replicas share, or memory in the all-in-one.
func ShortLived(ctx context.Context, h *run.Host) (shortlived.Store, error) {
	if !h.AllInOne() {
		return openRedis(ctx, h)
	}
	store := shortlived.NewMemory(shortlived.MemoryOptions{Now: h.Settings.Now})
	h.Closing(store.Close)
	return store, nil
}
