package storetest

import (
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Atomicity tests that writes are complete or absent.
func Atomicity(t *testing.T) {
	t.Run("users who cannot all be stored are not added in part", wholeOrNot)
	t.Run("an address is one user's", oneAddress)
	t.Run("a user whose address is taken gets no membership", addressTaken)
}

func wholeOrNot(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		directory := example()
		directory.Memberships[1].Role = "owner"
		if err := s.Seed(t.Context(), directory); err == nil {
			t.Error("an unknown role was stored")
		}
		for _, table := range []string{"users", "workspaces", "memberships"} {
			if n := count(t, db, table); n != 0 {
				t.Errorf("%d %s are left", n, table)
			}
		}
	})
}

func oneAddress(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		_, err := db.Exec(t.Context(), "UPDATE users SET email_address = $1 WHERE id = 'usr_bob'", string(ada().EmailAddress))
		if !errors.Is(err, sqldb.ErrConflict) {
			t.Errorf("Bob got Ada's address: %v", err)
		}
	})
}

func addressTaken(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		impostor := ada()
		impostor.ID = "usr_impostor"
		seed(t, s, account.Directory{
			Users: []account.Record{impostor}, Memberships: []account.Membership{member("usr_impostor", "ws_one", "One")},
		})
		if record, err := s.FindRecord(t.Context(), spell(ada().EmailAddress)); err != nil || record.ID != "usr_ada" {
			t.Errorf("the address is %q's, %v", record.ID, err)
		}
		if n := count(t, db, "memberships"); n != 2 {
			t.Errorf("%d memberships, want 2", n)
		}
	})
}
