package storetest

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/store"
)

const (
	rounds = 10
	racers = 8
)

// Contention proves what holds when many write at once.
func Contention(t *testing.T) {
	t.Run("many that start at once seed once", manySeeds)
}

func manySeeds(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		for range rounds {
			exec(t, db, "DELETE FROM users")
			exec(t, db, "DELETE FROM workspaces")
			race(racers, func() {
				if err := s.Seed(t.Context(), example()); err != nil {
					t.Errorf("Seed: %v", err)
				}
			})
			if users, members := count(t, db, "users"), count(t, db, "memberships"); users != 2 || members != 2 {
				t.Fatalf("%d users and %d memberships, want 2 and 2", users, members)
			}
		}
	})
}
