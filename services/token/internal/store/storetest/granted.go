package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Granted checks which scopes a consent page shows as granted already.
func Granted(t *testing.T) {
	t.Run("the scopes of live grants are read with the epoch", func(t *testing.T) { each(t, granted) })
	t.Run("an expired grant is none", grantedUntilExpiry)
	t.Run("the newest grants of every workspace count", func(t *testing.T) { each(t, grantedOfMany) })
	t.Run("the cost does not grow with the grants", manyGranted)
	t.Run("nor with those since the statement was planned", grantedSincePlanned)
}

// wantGranted compares the scopes by their workspace, and returns the epoch.
func (b bench) wantGranted(t *testing.T, want map[string]oauth.Scope) int64 {
	t.Helper()
	live, err := b.GetPairGrants(t.Context(), "usr_john", "app")
	got, grants := live.Epoch, live.Scopes
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := b.GetPairEpoch(t.Context(), "usr_john", "app")
	if err != nil {
		t.Fatal(err)
	}
	scopes := map[string]oauth.Scope{}
	for _, g := range grants {
		slices.Sort(g.Scope)
		scopes[g.WorkspaceID] = g.Scope
	}
	if diff := cmp.Diff(want, scopes); diff != "" || got != epoch || len(grants) != len(scopes) {
		t.Errorf("epoch %d, want %d; granted (-want +got):\n%s", got, epoch, diff)
	}
	return got
}

func granted(t *testing.T, b bench) {
	b.wantGranted(t, map[string]oauth.Scope{})
	all := oauth.Scope{"analyze:write", "jobs:read", "videos:read"}
	narrow := code("app", "ws_acme", 0)
	narrow.Scope = oauth.Scope{"videos:read"}
	b.mustRedeem(t, narrow)
	b.mustRedeem(t, code("other", "ws_doe", 0))
	b.wantGranted(t, map[string]oauth.Scope{"ws_acme": {"videos:read"}})
	b.mustRedeem(t, code("app", "ws_acme", 0))
	i := b.mustRedeem(t, code("app", "ws_doe", 0))
	b.wantGranted(t, map[string]oauth.Scope{"ws_acme": all, "ws_doe": all})
	live, err := b.Store.GetPairGrants(t.Context(), oauth.UserClient{UserID: "usr_john", ClientID: "app"}, []string{"ws_doe", "ws_zoo"})
	if err != nil || len(live.Scopes) != 1 || live.Scopes[0].WorkspaceID != "ws_doe" {
		t.Errorf("of the grants in two workspaces %v (%v) were read", live.Scopes, err)
	}
	if _, err := b.RevokeRefresh(t.Context(), i.refresh, ""); err != nil {
		t.Fatal(err)
	}
	b.wantGranted(t, map[string]oauth.Scope{"ws_acme": all})
	if err := b.RevokeMember(t.Context(), "usr_john", "ws_acme"); err != nil {
		t.Fatal(err)
	}
	epoch := b.wantGranted(t, map[string]oauth.Scope{})
	b.mustRedeem(t, code("app", "ws_zoo", epoch))
	b.wantGranted(t, map[string]oauth.Scope{"ws_zoo": all})
	if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	if after := b.wantGranted(t, map[string]oauth.Scope{}); after <= epoch {
		t.Errorf("the epoch is %d after a revocation, and was %d", after, epoch)
	}
}

func grantedUntilExpiry(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		now.mustRedeem(t, code("app", "ws_acme", 0))
		for _, row := range []struct {
			after time.Duration
			want  map[string]oauth.Scope
		}{
			{lifetimes().Refresh - time.Minute, map[string]oauth.Scope{"ws_acme": {"analyze:write", "jobs:read", "videos:read"}}},
			{lifetimes().Refresh + time.Minute, map[string]oauth.Scope{}},
		} {
			bench{Store: store.New(reopen(row.after), noReplicas{})}.wantGranted(t, row.want)
		}
	})
}

// grantedOfMany: the newest grants of each workspace count, however many another one has.
func grantedOfMany(t *testing.T, b bench) {
	all := oauth.Scope{"analyze:write", "jobs:read", "videos:read"}
	narrow := code("app", "ws_zoo", 0)
	narrow.Scope = oauth.Scope{"jobs:read"}
	b.mustRedeem(t, code("app", "ws_acme", 0))
	b.mustRedeem(t, code("app", "ws_zoo", 0))
	b.tick(t)
	for range 9 {
		b.mustRedeem(t, narrow)
	}
	b.wantGranted(t, map[string]oauth.Scope{"ws_acme": all, "ws_zoo": all})
	b.mustRedeem(t, narrow)
	b.wantGranted(t, map[string]oauth.Scope{"ws_acme": all, "ws_zoo": {"jobs:read"}})
}

// addGrants adds grants like each of those that a condition selects. unlike makes their identifiers differ
// from those of other calls.
func addGrants(t *testing.T, db *sqldb.DB, unlike, condition string, each int) {
	t.Helper()
	_, err := db.Exec(t.Context(), `
INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, born, redirect_uri, code_challenge,
    created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
SELECT sha256(convert_to($2 || encode(id, 'hex') || n, 'UTF8')), user_id, client_id, workspace_id, display_name, scope, epoch, born, redirect_uri, code_challenge,
    created_at + n, expires_at, sha256(convert_to($2 || encode(id, 'hex') || n, 'UTF8')), refresh_issued_at, refresh_expires_at, last_used_at
FROM families, generate_series(1, $1::bigint) AS n WHERE `+condition, each, unlike)
	if err != nil {
		t.Fatal(err)
	}
}

// manyGranted: each consent page once read two hundred grants, and compared each with its revocations.
func manyGranted(t *testing.T) {
	const grants, fewRows = 20_000, 60
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	db := sqldbtest.Prepare(t, at)
	b := open(t, db)
	b.mustRedeem(t, code("app", "ws_acme", 0))
	addGrants(t, db, "many", "TRUE", grants)
	_, err := db.Exec(t.Context(), `ANALYZE families`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
		bench{Store: store.New(db, noReplicas{})}.wantGranted(t, map[string]oauth.Scope{"ws_acme": {"analyze:write", "jobs:read", "videos:read"}})
	})
	if rows > fewRows {
		t.Errorf("with %d grants of a user-client, %d rows were read, at most %d are needed", grants, rows, fewRows)
	}
}

// grantedSincePlanned: PostgreSQL planned the statement of a session while each user-client had six
// grants, and one got many since. The rows that are added are counted too.
func grantedSincePlanned(t *testing.T) {
	const users, many, fewRows = 30, 6000, 500
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	db := sqldbtest.Prepare(t, at)
	b := open(t, db)
	for n := range users {
		c := code("app", "ws_acme", 0)
		c.UserID = fmt.Sprintf("usr_%d", n)
		b.mustRedeem(t, c)
	}
	b.mustRedeem(t, code("app", "ws_acme", 0))
	addGrants(t, db, "few", "TRUE", 5)
	if _, err := db.Exec(t.Context(), `ANALYZE families`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
		read := func() {
			bench{Store: store.New(db, noReplicas{})}.wantGranted(t, map[string]oauth.Scope{"ws_acme": {"analyze:write", "jobs:read", "videos:read"}})
		}
		read()
		addGrants(t, sqldbtest.Open(t, sqldb.Config{URL: secret.New(at)}), "many", "user_id = 'usr_john'", many/6)
		read()
	})
	if rows > many+fewRows {
		t.Errorf("%d rows were read and added, of which %d were added", rows, many)
	}
}
