package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/lease"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Lease tests that every replica reflects a change when it returns, although the replicas have the
// clients in memory (docs/adr/0008-cache-with-a-lease.md).
func Lease(t *testing.T) {
	t.Run("a change that returned is seen by another replica", changesAreSeen)
	t.Run("no reader of another replica misses a change that returned", noReaderMisses)
	t.Run("a client is read once and then from memory", readOnce)
	t.Run("a secret in memory expires", secretExpires)
	t.Run("a version that a failover lost is not used again", lostVersions)
	t.Run("an operation that changes nothing waits for the other replicas", repeatsWait)
}

// replicas runs a test with two stores on one PostgreSQL database. SQLite has one replica.
func replicas(t *testing.T, test func(t *testing.T, one, other *store.Store)) {
	t.Helper()
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db := reopen(0)
		one, other := store.New(db), store.New(reopen(0))
		if db.Engine() == sqldb.SQLite {
			other = one
		}
		test(t, one, other)
	})
}

func changesAreSeen(t *testing.T) {
	replicas(t, func(t *testing.T, one, other *store.Store) {
		ctx, id := t.Context(), Example().ID
		renamed, replaced := newSecret(), newSecret()
		for _, change := range []struct {
			name string
			make func() error
			seen func(client.Registration, client.Record) bool
		}{
			{
				"creation", func() error { return one.CreateClient(ctx, Example(), newSecret()) },
				func(r client.Registration, c client.Record) bool { return r.ID == id && len(c.Secrets) == 1 },
			},
			{
				"a name", func() error { return one.UpdateClient(ctx, registry.Change{ClientID: id, Name: "Renamed"}) },
				func(r client.Registration, c client.Record) bool { return r.Name == "Renamed" && c.Name == "Renamed" },
			},
			{
				"redirect URIs", func() error {
					return one.UpdateClient(ctx, registry.Change{ClientID: id, RedirectURIs: []string{"https://new.test/cb"}})
				},
				func(r client.Registration, _ client.Record) bool {
					return len(r.RedirectURIs) == 1 && r.RedirectURIs[0] == "https://new.test/cb"
				},
			},
			{
				"scope", func() error {
					return one.UpdateClient(ctx, registry.Change{ClientID: id, Scope: oauth.Scope{"videos:read"}})
				},
				func(r client.Registration, _ client.Record) bool { return r.Scope.String() == "videos:read" },
			},
			{
				"a rotation", func() error {
					return one.RotateClientSecret(ctx, client.Rotation{ClientID: id, Secret: *renamed, Overlap: time.Hour})
				},
				func(_ client.Registration, c client.Record) bool { return len(c.Secrets) == 2 },
			},
			{
				"the end of the previous secret", func() error { return one.RevokePreviousClientSecret(ctx, id) },
				func(_ client.Registration, c client.Record) bool {
					return len(c.Secrets) == 1 && c.Secrets[0] == renamed.Hash
				},
			},
			{
				"disabling", func() error { return one.SetClientDisabled(ctx, id, true) },
				func(r client.Registration, c client.Record) bool { return r.Disabled && c.Disabled },
			},
			{
				"enabling", func() error { return one.SetClientDisabled(ctx, id, false) },
				func(r client.Registration, c client.Record) bool { return !r.Disabled && !c.Disabled },
			},
			{
				"replacement", func() error { return one.Replace(ctx, Example(), replaced) },
				func(r client.Registration, c client.Record) bool {
					return r.Name == Example().Name && len(c.Secrets) == 1 && c.Secrets[0] == replaced.Hash
				},
			},
		} {
			for _, replica := range []*store.Store{one, other} { // in memory from here on, where it exists
				_, _ = replica.Find(ctx, id)
				_, _ = replica.Credentials(ctx, id)
			}
			if err := change.make(); err != nil {
				t.Fatalf("%s: %v", change.name, err)
			}
			for i, replica := range []*store.Store{one, other} {
				found, err := replica.Find(ctx, id)
				record, recordErr := replica.Credentials(ctx, id)
				if err != nil || recordErr != nil || !change.seen(found, record) {
					t.Errorf("%s: replica %d has %+v, %+v (%v, %v)", change.name, i+1, found, record, err, recordErr)
				}
			}
		}
	})
}

func noReaderMisses(t *testing.T) {
	replicas(t, func(t *testing.T, one, other *store.Store) {
		create(t, one, Example(), newSecret())
		var returned, finished atomic.Int64
		returned.Store(-1)
		racetest.Run(racers, func(i int) {
			if i == 0 {
				for n := range int64(rounds) {
					if err := one.UpdateClient(t.Context(), registry.Change{ClientID: Example().ID, Name: fmt.Sprint(n)}); err != nil {
						t.Errorf("Update: %v", err)
					}
					returned.Store(n)
				}
				finished.Store(1)
				return
			}
			for finished.Load() == 0 {
				least := returned.Load()
				found, err := other.Find(t.Context(), Example().ID)
				n := int64(-1) // before the first change
				if _, scanErr := fmt.Sscan(found.Name, &n); scanErr != nil {
					n = -1
				}
				if err != nil || n < least {
					t.Errorf("a reader has change %d after %d returned (%v)", n, least, err)
				}
			}
		})
	})
}

func readOnce(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db := reopen(0)
		s := store.New(db)
		create(t, s, Example(), newSecret())
		if _, err := s.Credentials(t.Context(), Example().ID); err != nil {
			t.Fatal(err)
		}
		// A change that does not raise the version is seen only by a read of the client.
		for _, change := range []string{
			`UPDATE clients SET name = 'hidden'`, `UPDATE client_version SET version = version - 1`,
		} {
			if _, err := db.Exec(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		record, err := s.Credentials(t.Context(), Example().ID)
		if err != nil || record.Name != Example().Name {
			t.Errorf("the client is read again: %q, %v", record.Name, err)
		}
	})
}

func secretExpires(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), newSecret())
		const overlap = 300 * time.Millisecond
		startedAt := time.Now()
		if err := s.RotateClientSecret(t.Context(), client.Rotation{ClientID: Example().ID, Secret: *newSecret(), Overlap: overlap}); err != nil {
			t.Fatal(err)
		}
		for time.Since(startedAt) < time.Minute {
			if len(valid(t, s, Example().ID)) == 1 {
				if took := time.Since(startedAt); took < overlap {
					t.Errorf("the previous secret is invalid after %s, want %s", took, overlap)
				}
				return
			}
		}
		t.Error("the previous secret is still valid")
	})
}

// lostVersions: a failover loses the newest commit, whose version replicas may have in memory. The next
// change must not get the same version.
func lostVersions(t *testing.T) {
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations()))})
	s := store.New(db)
	create(t, s, Example(), newSecret())
	dynamic := add(t, s, self("app", false)).ID
	for table, id := range map[string]string{"client_version": Example().ID, "dynamic_client_version": dynamic} {
		read := func() (version int64) {
			must(t, db.QueryRow(t.Context(), `SELECT version FROM `+table).Scan(&version))
			return version
		}
		kept := read()
		must(t, s.SetClientDisabled(t.Context(), id, true))
		lost := read()
		_, err := db.Exec(t.Context(), `UPDATE `+table+` SET version = $1`, kept)
		must(t, err)
		must(t, s.SetClientDisabled(t.Context(), id, false))
		if next := read(); next == lost || next <= kept {
			t.Errorf("%s is %d after %d was lost and %d kept", table, next, lost, kept)
		}
	}
}

// repeatsWait: the operation that made the change may still be waiting.
func repeatsWait(t *testing.T) {
	s := store.New(sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations()))}))
	create(t, s, Example(), newSecret())
	for _, id := range []string{Example().ID, "https://client.example/metadata"} {
		for range 2 {
			startedAt := time.Now()
			must(t, s.SetClientDisabled(t.Context(), id, true))
			if took := time.Since(startedAt); took < lease.Wait {
				t.Errorf("disabling %s returned after %s, before the other replicas reflect it", id, took)
			}
		}
	}
}
