package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/store"
)

const (
	rounds = 10
	racers = 8
)

// Contention tests concurrent writes.
func Contention(t *testing.T) {
	t.Run("concurrent seeds add users once", manySeeds)
	t.Run("of concurrent users with one address one is added", oneGetsTheAddress)
	t.Run("concurrent rotations leave one current secret and one before", manyRotations)
}

func oneGetsTheAddress(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		for n := range rounds {
			var won atomic.Int32
			race(racers, func() {
				r := ada()
				r.ID, r.EmailAddress = secret.NewID("usr_"), account.Address(fmt.Sprintf("ada%d@example.com", n))
				switch _, err := s.CreateUser(t.Context(), r); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, account.ErrAddressTaken):
					t.Errorf("CreateUser: %v", err)
				}
			})
			if won.Load() != 1 {
				t.Fatalf("%d got the address", won.Load())
			}
		}
		if n := count(t, db, "users"); n != rounds {
			t.Errorf("%d users, want %d", n, rounds)
		}
	})
}

func manyRotations(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		create(t, s, draft(""), "first")
		for range rounds {
			race(racers, func() {
				if err := s.RotateAppSecret(t.Context(), draft("").ID, hashSecret(secret.NewID("")), time.Hour); err != nil {
					t.Errorf("RotateApp: %v", err)
				}
			})
			app := findApp(t, s)
			if len(app.Secrets) != 2 || !app.Secrets[0].ExpiresAt.IsZero() || app.Secrets[1].ExpiresAt.IsZero() {
				t.Fatalf("the secrets are %+v", app.Secrets)
			}
			if n := count(t, db, "authentication_app_secrets"); n != 2 {
				t.Fatalf("%d secrets are stored", n)
			}
		}
	})
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
