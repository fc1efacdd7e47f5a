package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Scopes tests the record of the days on which scopes were granted.
func Scopes(t *testing.T) {
	const day = 24 * time.Hour
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		first := reopen(0)
		unused := func(when time.Duration, id string, want ...string) {
			t.Helper()
			found, err := store.New(reopen(when)).FindClient(t.Context(), id)
			if err != nil || !slices.Equal(found.UnusedScope, oauth.Scope(want)) {
				t.Errorf("%s after %s: %v are unused, want %v (%v)", id, when, found.UnusedScope, want, err)
			}
		}
		at, later := store.New(first), func(when time.Duration) *store.Store { return store.New(reopen(when)) }
		create(t, at, Example(), newSecret())
		id, read, write := Example().ID, Example().Scope[0], Example().Scope[1]

		// Before there are records of 30 days, nothing is unused, also where nothing was granted.
		unused(29*day, id)
		unused(31*day, id, read, write)

		// A use lasts for 30 days, and a second one of the same day writes nothing.
		for range 2 {
			must(t, later(31*day).TouchScope(t.Context(), id, read))
		}
		unused(31*day, id, write)
		unused(60*day, id, write)
		unused(62*day, id, read, write)
		must(t, at.TouchScope(t.Context(), id, read)) // a clock that is behind takes nothing back
		must(t, at.TouchScope(t.Context(), "vdo_client_nope", read))
		unused(60*day, id, write)

		// A client that is younger than 30 days has no unused scope, and neither is one that was added in that time.
		young := Native()
		create(t, later(60*day), young, nil)
		unused(89*day, young.ID)
		unused(91*day, young.ID, read, write)
		change := registry.Change{ClientID: id, Scope: oauth.Scope{read, write, "jobs:read"}}
		must(t, later(70*day).UpdateClient(t.Context(), change))
		must(t, later(80*day).UpdateClient(t.Context(), change)) // adds nothing
		unused(99*day, id, read, write)
		unused(101*day, id, read, write, "jobs:read")

		// The rows end after 90 days, and with their client.
		rows := func(want int) {
			t.Helper()
			var n int
			must(t, first.QueryRow(t.Context(), `SELECT count(*) FROM client_scope_uses`).Scan(&n))
			if n != want {
				t.Errorf("%d rows, want %d", n, want)
			}
		}
		rows(2)
		must(t, later(122*day).CleanUp(t.Context())) // 91 days after the use of the first one
		rows(1)
		unused(122*day, id, read, write, "jobs:read")
		if _, err := first.Exec(t.Context(), `DELETE FROM clients WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
		rows(0)
	})
}
