package rpc_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/lastuse"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/shortlived/shortlivedtest"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/administration"
	"github.com/vidocu/usher/services/identity/internal/attempt"
	"github.com/vidocu/usher/services/identity/internal/authapp"
	"github.com/vidocu/usher/services/identity/internal/credential"
	"github.com/vidocu/usher/services/identity/internal/fixture"
	"github.com/vidocu/usher/services/identity/internal/password"
	"github.com/vidocu/usher/services/identity/internal/rpc"
	"github.com/vidocu/usher/services/identity/internal/session"
	"github.com/vidocu/usher/services/identity/internal/store/storetest"
)

const (
	lifetime = time.Hour
	address  = "john.doe@gmail.com"
	right    = "examplepassword"

	perAccount    = 10
	perSource     = 30
	perUser       = 40
	attemptWindow = 15 * time.Minute
)

// entries is the in-memory short-lived store, which can be down.
type entries struct {
	shortlived.Store
	down atomic.Bool
}

func (e *entries) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if e.down.Load() {
		return shortlived.ErrUnavailable
	}
	return e.Store.Put(ctx, key, value, ttl)
}

func (e *entries) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if e.down.Load() {
		return nil, false, shortlived.ErrUnavailable
	}
	return e.Store.Get(ctx, key)
}

func (e *entries) Delete(ctx context.Context, key string) error {
	if e.down.Load() {
		return shortlived.ErrUnavailable
	}
	return e.Store.Delete(ctx, key)
}

func (e *entries) Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error) {
	if e.down.Load() {
		return false, shortlived.ErrUnavailable
	}
	return e.Store.Spend(ctx, key, limit, window)
}

// bench has the service's handlers over fakes, with the documents' users.
type bench struct {
	*rpc.Sessions
	*rpc.Directory
	*rpc.Credentials
	*rpc.Administration
	store     *storetest.Fake
	entries   *entries
	clock     *shortlivedtest.Clock
	passwords *checks
	failures  *lastuse.Recorder
}

// checks counts the password verifications, and can be too busy.
type checks struct {
	*password.Hasher
	n    atomic.Int32
	busy atomic.Bool
}

func (c *checks) Verify(ctx context.Context, stored, presented secret.String) (right, stale bool, err error) {
	if c.busy.Load() {
		return false, false, password.ErrBusy
	}
	c.n.Add(1)
	return c.Hasher.Verify(ctx, stored, presented)
}

func open(t *testing.T) *bench {
	t.Helper()
	d := &bench{store: storetest.NewFake(t, fixture.Directory()), clock: &shortlivedtest.Clock{}}
	d.entries = &entries{Store: shortlived.NewMemory(shortlived.MemoryOptions{Now: d.clock.Now})}
	d.passwords = &checks{Hasher: password.New(password.Config{Concurrency: 2})}
	apps := authapp.Registry{Apps: d.store}
	guard := &attempt.Guard{
		Limiter: &ratelimit.Limiter{Entries: d.entries, Prefix: attempt.Prefix, Now: d.clock.Now},
		Account: ratelimit.Budget{Limit: perAccount, Window: attemptWindow},
		Source:  ratelimit.Budget{Limit: perSource, Window: attemptWindow},
		SignIns: ratelimit.Budget{Limit: perUser, Window: attemptWindow},
	}
	logger := slog.New(slog.DiscardHandler)
	d.failures = lastuse.NewCounter(func(ctx context.Context, userID []byte, count int64) error {
		return d.store.AddFailedSignIns(ctx, string(userID), count)
	}, logger)
	methods := credential.Verifier{
		Accounts: account.Authenticator{Records: d.store, Passwords: d.passwords, Failed: func(userID string) { d.failures.Used([]byte(userID)) }}, Apps: apps,
		Attempts: guard,
	}
	sessions := &session.Store{Entries: d.entries, Users: d.store, Lifetime: lifetime, Now: d.clock.Now}
	d.Sessions = &rpc.Sessions{Verifier: methods, Store: sessions, Accounts: d.store}
	d.Credentials = &rpc.Credentials{
		Verifier: methods, Logger: logger, Changer: credential.Changer{Verifier: methods, Sessions: sessions, Store: d.store},
	}
	if err := d.store.SeedApp(t.Context(), fixture.App(), fixture.AppSecret()); err != nil {
		t.Fatal(err)
	}
	d.Directory = &rpc.Directory{Memberships: d.store, Users: d.store}
	d.Administration = &rpc.Administration{
		Service: administration.Service{Store: d.store, Passwords: d.passwords, Plans: catalog.Default(), Attempts: guard}, Apps: apps,
	}
	return d
}

// signIn signs John's browser in.
func (d *bench) signIn(t *testing.T, previous string) string {
	t.Helper()
	res, err := d.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{
		EmailAddress: address, Password: right, PreviousSessionToken: previous,
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetSessionToken()
}

func (d *bench) get(t *testing.T, token string) (*identityv1.Session, error) {
	t.Helper()
	res, err := d.GetSession(t.Context(), &identityv1.GetSessionRequest{SessionToken: token})
	return res.GetSession(), err
}

func wantReason(t *testing.T, what string, err error, want errorv1.Reason) {
	t.Helper()
	if got := oerr.Reason(err); got != want {
		t.Errorf("%s: %s (%v), want %s", what, got, err, want)
	}
}
