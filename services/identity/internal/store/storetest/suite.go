package storetest

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// each runs a test on both engines.
func each(t *testing.T, test func(t *testing.T, db *sqldb.DB, s *store.Store)) {
	t.Helper()
	sqldbtest.Each(t, store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		test(t, db, store.New(db))
	})
}

// ada is a user with a value in every field.
func ada() account.Record {
	return account.Record{
		User: account.User{
			ID: "usr_ada", EmailAddress: "ada@example.com", FirstName: "Ada", LastName: "O’Brien", DisplayName: "Ada <b>",
		},
		PasswordHash: secret.New("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$a2V5"),
	}
}

// bob is disabled and has no password.
func bob() account.Record {
	return account.Record{User: account.User{ID: "usr_bob", EmailAddress: "bob@example.com", Disabled: true}}
}

// member returns one membership.
func member(userID, workspaceID, name string) account.Membership {
	return account.Membership{
		UserID: userID, Workspace: account.Workspace{ID: workspaceID, Name: name, Plan: "pro"}, Role: oauth.RoleMember,
	}
}

// example returns both, in one workspace.
func example() account.Directory {
	admin := member("usr_ada", "ws_one", "One")
	admin.Role = oauth.RoleAdministrator
	return account.Directory{
		Users: []account.Record{ada(), bob()}, Memberships: []account.Membership{admin, member("usr_bob", "ws_one", "One")},
	}
}

// wantRecent checks a time of the database's clock.
func wantRecent(t *testing.T, at time.Time) {
	t.Helper()
	if age := time.Since(at); age < -time.Minute || age > time.Minute {
		t.Errorf("it is dated %v", at)
	}
}

func seed(t *testing.T, s *store.Store, directory account.Directory) {
	t.Helper()
	if err := s.Seed(t.Context(), directory); err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, db *sqldb.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

// count returns how many rows a table has.
func count(t *testing.T, db *sqldb.DB, table string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// race runs n calls that begin together.
func race(n int, call func()) { racetest.Run(n, func(int) { call() }) }

// spell returns the Spelling of an address that has only one form.
func spell(address account.Address) account.Spelling {
	return account.Spelling{Canonical: address, Earlier: address}
}
