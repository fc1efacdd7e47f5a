package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/session"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Fake is the real store on a temporary SQLite file. It returns errors on demand.
type Fake struct {
	*store.Store

	db    *sqldb.DB
	mu    sync.Mutex
	queue []error
}

// NewFake returns a Fake with these users.
func NewFake(t *testing.T, directory account.Directory) *Fake {
	t.Helper()
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.SQLite, store.Migrations()))})
	s := store.New(db)
	seed(t, s, directory)
	return &Fake{Store: s, db: db}
}

// Fail makes the next reads return these errors, one each.
func (f *Fake) Fail(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, errs...)
}

// Disable disables a user.
func (f *Fake) Disable(t *testing.T, userID string) {
	t.Helper()
	exec(t, f.db, "UPDATE users SET disabled = $2 WHERE id = $1", userID, true)
}

// Rename changes a user's display name.
func (f *Fake) Rename(t *testing.T, userID, displayName string) {
	t.Helper()
	exec(t, f.db, "UPDATE users SET display_name = $2 WHERE id = $1", userID, displayName)
}

// Remove deletes a user.
func (f *Fake) Remove(t *testing.T, userID string) {
	t.Helper()
	exec(t, f.db, "DELETE FROM users WHERE id = $1", userID)
}

func (f *Fake) next() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return nil
	}
	err := f.queue[0]
	f.queue = f.queue[1:]
	return err
}

// FindRecord calls the store's FindRecord.
func (f *Fake) FindRecord(ctx context.Context, address account.Spelling) (account.Record, error) {
	if err := f.next(); err != nil {
		return account.Record{}, err
	}
	return f.Store.FindRecord(ctx, address)
}

// FindUser calls the store's FindUser.
func (f *Fake) FindUser(ctx context.Context, id string) (account.User, error) {
	if err := f.next(); err != nil {
		return account.User{}, err
	}
	return f.Store.FindUser(ctx, id)
}

// GetSession calls the store's GetSession.
func (f *Fake) GetSession(ctx context.Context, l session.Lookup) (session.Stored, error) {
	if err := f.next(); err != nil {
		return session.Stored{}, err
	}
	return f.Store.GetSession(ctx, l)
}

// ListWorkspaces calls the store's ListWorkspaces.
func (f *Fake) ListWorkspaces(ctx context.Context, userID string) ([]account.Membership, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.Store.ListWorkspaces(ctx, userID)
}

// GetMembership calls the store's GetMembership.
func (f *Fake) GetMembership(ctx context.Context, userID, workspaceID string) (account.Membership, error) {
	if err := f.next(); err != nil {
		return account.Membership{}, err
	}
	return f.Store.GetMembership(ctx, userID, workspaceID)
}
