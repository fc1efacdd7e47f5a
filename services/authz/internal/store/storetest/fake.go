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

// Fake is the real store on a temporary SQLite file. It counts reads and returns errors on demand.
type Fake struct {
	*store.Store

	mu    sync.Mutex
	queue []error
	reads int
}

// NewFake returns a Fake on an empty store.
func NewFake(t *testing.T) *Fake {
	t.Helper()
	return &Fake{Store: store.New(open(t))}
}

func open(t *testing.T) *sqldb.DB {
	t.Helper()
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.SQLite, store.Migrations()))})
	return db
}

// Accepts accepts every client of a document: the store has none.
func (*Fake) Accepts(context.Context, string) (bool, error) { return true, nil }

// FindKnown is Find: the store has no documents.
func (f *Fake) FindKnown(ctx context.Context, id string) (client.Registration, error) {
	return f.Find(ctx, id)
}

// Fail makes the next reads return these errors, one each.
func (f *Fake) Fail(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, errs...)
}

// Reads returns how many reads were made.
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

// Find calls the store's Find.
func (f *Fake) Find(ctx context.Context, id string) (client.Registration, error) {
	if err := f.next(); err != nil {
		return client.Registration{}, err
	}
	return f.Store.Find(ctx, id)
}

// Credentials calls the store's Credentials.
func (f *Fake) Credentials(ctx context.Context, id string) (client.Record, error) {
	if err := f.next(); err != nil {
		return client.Record{}, err
	}
	return f.Store.Credentials(ctx, id)
}

// List calls the store's List.
func (f *Fake) List(ctx context.Context, ids []string) ([]client.Registration, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, ids)
}
