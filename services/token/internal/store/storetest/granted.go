package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Granted checks which scopes a consent page shows as granted already.
func Granted(t *testing.T) {
	t.Run("the scopes of live grants are read with the epoch", func(t *testing.T) { each(t, granted) })
	t.Run("an expired grant is none", grantedUntilExpiry)
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
