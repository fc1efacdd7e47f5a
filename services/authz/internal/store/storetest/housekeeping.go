package storetest

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Housekeeping proves that secrets that have ended go, and nothing else.
func Housekeeping(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db := reopen(0)
		s, later := store.New(db), store.New(reopen(2*time.Hour))
		first, second, other := draw(), draw(), draw()
		create(t, s, Example(), first)
		rotate(t, s, client.Rotation{ClientID: Example().ID, Secret: *second, Overlap: time.Hour})
		app := Example()
		app.ID = "vdo_client_other"
		create(t, s, app, other)
		keep := func(s *store.Store, secrets int) {
			t.Helper()
			if err := s.Housekeep(t.Context()); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := db.QueryRow(t.Context(), `SELECT count(*) FROM client_secrets`).Scan(&n); err != nil || n != secrets {
				t.Errorf("%d secrets are left, want %d (%v)", n, secrets, err)
			}
		}
		keep(s, 3)
		wantValid(t, s, Example().ID, first, second)
		keep(later, 2)
		wantValid(t, later, Example().ID, second)
		wantValid(t, later, app.ID, other)
	})
}
