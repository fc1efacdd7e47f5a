package storetest

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/inspection"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// Counts checks the counts that an operator gets before revoking access.
func Counts(t *testing.T) {
	t.Run("live grants and user tokens are counted by holder", func(t *testing.T) { each(t, countAccess) })
	t.Run("what was revoked is not counted", func(t *testing.T) { each(t, countRevoked) })
	t.Run("counting reads a bounded number of rows", countOfMany)
}

func (b bench) wantCount(t *testing.T, of inspection.Holder, limit int, want inspection.Count) {
	t.Helper()
	if got, err := b.CountAccess(t.Context(), of, limit); err != nil || got != want {
		t.Errorf("%+v, at most %d: %+v, %v, want %+v", of, limit, got, err, want)
	}
}

func countAccess(t *testing.T, b bench) {
	esther := code("app", "ws_acme", 0)
	esther.UserID = "usr_esther"
	for _, c := range []struct {
		n  int
		of string
	}{{2, "ws_acme"}, {3, "ws_doe"}} {
		for range c.n {
			b.mustRedeem(t, code("app", c.of, 0))
		}
	}
	b.mustRedeem(t, esther)
	b.mustRedeem(t, code("app2", "ws_acme", 0))
	b.mustIssue(t, usertoken.Holder{UserID: "usr_john"})
	b.mustIssue(t, usertoken.Holder{UserID: "usr_john", AppID: "aap_1", WorkspaceID: "ws_acme"})
	b.mustIssue(t, usertoken.Holder{UserID: "usr_esther", AppID: "aap_1"})
	for _, row := range []struct {
		of   inspection.Holder
		want inspection.Count
	}{
		{inspection.Holder{ClientID: "app"}, inspection.Count{Grants: 6, GrantUsers: 2}},
		{inspection.Holder{UserID: "usr_john"}, inspection.Count{Grants: 6, GrantUsers: 1, UserTokens: 2, UserTokenUsers: 1}},
		{inspection.Holder{UserID: "usr_john", ClientID: "app"}, inspection.Count{Grants: 5, GrantUsers: 1}},
		{inspection.Holder{UserID: "usr_john", WorkspaceID: "ws_acme"}, inspection.Count{Grants: 3, GrantUsers: 1, UserTokens: 1, UserTokenUsers: 1}},
		{inspection.Holder{AppID: "aap_1"}, inspection.Count{UserTokens: 2, UserTokenUsers: 2}},
		{inspection.Holder{UserID: "usr_ada"}, inspection.Count{}},
		{inspection.Holder{ClientID: "none"}, inspection.Count{}},
	} {
		b.wantCount(t, row.of, 100, row.want)
	}
	b.wantCount(t, inspection.Holder{UserID: "usr_john", ClientID: "app"}, 4, inspection.Count{Grants: 4, GrantUsers: 1, Truncated: true})
	b.wantCount(t, inspection.Holder{ClientID: "app2"}, 1, inspection.Count{Grants: 1, GrantUsers: 1, Truncated: true})
}

func countRevoked(t *testing.T, b bench) {
	b.mustRedeem(t, code("app", "ws_acme", 0))
	b.mustRedeem(t, code("app2", "ws_doe", 0))
	b.mustIssue(t, usertoken.Holder{UserID: "usr_john", AppID: "aap_1"})
	if err := b.RevokeMember(t.Context(), "usr_john", "ws_acme"); err != nil {
		t.Fatal(err)
	}
	b.wantCount(t, inspection.Holder{UserID: "usr_john"}, 100, inspection.Count{Grants: 1, GrantUsers: 1, UserTokens: 1, UserTokenUsers: 1})
	b.wantCount(t, inspection.Holder{ClientID: "app"}, 100, inspection.Count{})
	if err := b.RevokeUser(t.Context(), "usr_john"); err != nil {
		t.Fatal(err)
	}
	for _, of := range []inspection.Holder{{UserID: "usr_john"}, {ClientID: "app2"}, {AppID: "aap_1"}} {
		b.wantCount(t, of, 100, inspection.Count{})
	}
}

func countOfMany(t *testing.T) {
	const limit = 100
	for name, of := range map[string]inspection.Holder{
		"a client's": {ClientID: "app"}, "a user's": {UserID: "usr_john"}, "a member's": {UserID: "usr_john", WorkspaceID: "ws_acme"},
		"a user's with a client": {UserID: "usr_john", ClientID: "app"}, "an authentication app's": {AppID: "aap_1"},
	} {
		at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
		gather(t, at, name == "a client's")
		var got inspection.Count
		var err error
		rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
			got, err = store.New(db, noReplicas{}).CountAccess(t.Context(), of, limit)
		})
		if err != nil || !got.Truncated || got.Grants+got.UserTokens == 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if rows > 10*limit {
			t.Errorf("%s: counting %d of %d read %d rows", name, limit, below, rows)
		}
	}
}
