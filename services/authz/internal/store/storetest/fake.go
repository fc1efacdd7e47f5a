package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Fake is the real store on a temporary SQLite file. It counts what is read and fails on demand.
type Fake struct {
	*store.Store

	mu    sync.Mutex
	queue []error
	reads int
}

// NewFake opens an empty one.
func NewFake(t *testing.T) *Fake {
	t.Helper()
	return &Fake{Store: store.New(open(t))}
}

func open(t *testing.T) *sqldb.DB {
	t.Helper()
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.SQLite(t))})
	if err := sqldb.Migrate(t.Context(), db, store.Migrations()); err != nil {
		t.Fatal(err)
	}
	return db
}

// Fail makes the next reads fail with these errors, one each.
func (f *Fake) Fail(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, errs...)
}

// Reads is how often the store was asked.
func (f *Fake) Reads() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

func (f *Fake) next() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if len(f.queue) == 0 {
		return nil
	}
	err := f.queue[0]
	f.queue = f.queue[1:]
	return err
}

// Find is the store's.
func (f *Fake) Find(ctx context.Context, id string) (client.Registration, error) {
	if err := f.next(); err != nil {
		return client.Registration{}, err
	}
	return f.Store.Find(ctx, id)
}

// Credentials is the store's.
func (f *Fake) Credentials(ctx context.Context, first, second string) ([]client.Record, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.Store.Credentials(ctx, first, second)
}

// List is the store's.
func (f *Fake) List(ctx context.Context, ids []string) ([]client.Client, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, ids)
}
