package storetest

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity/internal/authapp"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Cleanup tests that the cleanup deletes expired secrets and apps revoked long ago, and
// nothing else.
func Cleanup(t *testing.T) {
	const day = 24 * time.Hour
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db := reopen(0)
		s, later := store.New(db), store.New(reopen(2*day))
		seed(t, s, example())
		create(t, s, draft(""), "first")
		rotate(t, s, "second", time.Hour)
		create(t, s, authapp.App{ID: "aap_two", Name: "Given up"}, "other")
		if err := s.RevokeApp(t.Context(), "aap_two"); err != nil {
			t.Fatal(err)
		}
		cleanUp := func(s *store.Store, kept time.Duration, apps, secrets int) {
			t.Helper()
			if err := s.CleanUp(t.Context(), store.Retention{RevokedApps: kept, Events: day}); err != nil {
				t.Fatal(err)
			}
			if a, b := count(t, db, "authentication_apps"), count(t, db, "authentication_app_secrets"); a != apps || b != secrets {
				t.Errorf("%d apps and %d secrets are left, want %d and %d", a, b, apps, secrets)
			}
		}
		cleanUp(s, day, 2, 3)
		want(t, s, map[string]bool{"first": true, "second": true})
		cleanUp(later, 0, 2, 2)
		cleanUp(later, 3*day, 2, 2)
		cleanUp(later, day, 1, 1)
		want(t, later, map[string]bool{"second": true})
	})
}
