package storetest

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Cleanup tests that the cleanup deletes expired secrets and nothing else.
func Cleanup(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db := reopen(0)
		s, later := store.New(db), store.New(reopen(2*time.Hour))
		first, second, other := newSecret(), newSecret(), newSecret()
		create(t, s, Example(), first)
		rotate(t, s, client.Rotation{ClientID: Example().ID, Secret: *second, Overlap: time.Hour})
		registration := Example()
		registration.ID = "vdo_client_other"
		create(t, s, registration, other)
		cleanUp := func(s *store.Store, secrets int) {
			t.Helper()
			if err := s.CleanUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := db.QueryRow(t.Context(), `SELECT count(*) FROM client_secrets`).Scan(&n); err != nil || n != secrets {
				t.Errorf("%d secrets are left, want %d (%v)", n, secrets, err)
			}
		}
		cleanUp(s, 3)
		wantValid(t, s, Example().ID, first, second)
		cleanUp(later, 2)
		wantValid(t, later, Example().ID, second)
		wantValid(t, later, registration.ID, other)
	})
}
