package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
)

// CRUD checks that reads return what was written.
func CRUD(t *testing.T) {
	t.Run("issued tokens carry the grant", func(t *testing.T) { each(t, issuedFacts) })
	t.Run("a narrowed access token leaves the family whole", func(t *testing.T) { each(t, narrowed) })
	t.Run("connections and their last use", func(t *testing.T) { each(t, connections) })
	t.Run("tokens end with their lifetimes", func(t *testing.T) { expiry(t) })
}

func issuedFacts(t *testing.T, b bench) {
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	got, err := b.FindAccess(t.Context(), i.access)
	if err != nil {
		t.Fatal(err)
	}
	if life := got.ExpiresAt.Sub(got.IssuedAt); life != time.Hour {
		t.Errorf("access token lives %s, want 1h", life)
	}
	if since := time.Since(got.IssuedAt).Abs(); since > time.Minute {
		t.Errorf("access token was issued %s ago", since)
	}
	want := []string{"usr_john", "app", "ws_acme", "John Doe", "videos:read analyze:write jobs:read"}
	if diff := cmp.Diff(want, []string{got.UserID, got.ClientID, got.WorkspaceID, got.DisplayName, got.Scope}); diff != "" {
		t.Error(diff)
	}
	refresh, err := b.FindRefresh(t.Context(), i.refresh)
	if err != nil {
		t.Fatal(err)
	}
	if life := refresh.ExpiresAt.Sub(refresh.IssuedAt); life != 30*24*time.Hour {
		t.Errorf("refresh token lives %s, want 720h", life)
	}
	bound, err := b.Redeemed(t.Context(), i.code)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(code("app", "ws_acme", 0).CodeBinding, bound); diff != "" {
		t.Error(diff)
	}
}

func narrowed(t *testing.T, b bench) {
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	next := issued{access: token(), refresh: token()}
	got, err := b.Rotate(t.Context(), grant.Rotation{
		Predecessor: i.refresh, ClientID: "app", Access: next.access, Successor: next.refresh,
		Scope: "videos:read", Lifetimes: lifetimes(),
	})
	if err != nil || got.Scope != "videos:read" || got.ExpiresIn != time.Hour {
		t.Fatalf("narrowing: %+v, error %v", got, err)
	}
	if got, err := b.FindAccess(t.Context(), next.access); err != nil || got.Scope != "videos:read" {
		t.Errorf("narrowed access token has %q (%v)", got.Scope, err)
	}
	granted, err := b.Granted(t.Context(), next.refresh, "app")
	if err != nil || granted.Scope != "videos:read analyze:write jobs:read" {
		t.Errorf("family has %q after narrowing (%v)", granted.Scope, err)
	}
}

func connections(t *testing.T, b bench) {
	if epoch, err := b.GetPairEpoch(t.Context(), "usr_john", "app"); err != nil || epoch != 0 {
		t.Fatalf("epoch of a new pair is %d (%v)", epoch, err)
	}
	b.mustRedeem(t, code("app", "ws_acme", 0))
	b.mustRedeem(t, code("app", "ws_doe", 0))
	if err := b.EndConnection(t.Context(), "usr_john", "other"); err != nil {
		t.Fatal(err)
	}
	if epoch, err := b.GetPairEpoch(t.Context(), "usr_john", "looked at"); err != nil || epoch != 0 {
		t.Fatalf("epoch of a pair that was looked at is %d (%v)", epoch, err)
	}
	list, err := b.ListConnections(t.Context(), "usr_john")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, c := range list {
		got[c.ClientID] = c.Epoch
		if used := !c.LastUsed.IsZero(); used != (c.ClientID == "app") {
			t.Errorf("%s: used is %v", c.ClientID, used)
		}
	}
	if diff := cmp.Diff(map[string]int64{"app": 0, "other": 1}, got); diff != "" {
		t.Error(diff)
	}
}

// expiry opens the same database again with its clock moved.
func expiry(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		i := now.mustRedeem(t, code("app", "ws_acme", 0))
		for _, c := range []struct {
			after           time.Duration
			access, refresh bool
		}{
			{59 * time.Minute, true, true},
			{61 * time.Minute, false, true},
			{30*24*time.Hour - time.Hour, false, true},
			{30*24*time.Hour + time.Second, false, false},
		} {
			later := bench{Store: store.New(reopen(c.after), noReplicas{})}
			if got := later.live(t, i.access); got != c.access {
				t.Errorf("after %s the access token is live: %v", c.after, got)
			}
			if got := later.current(t, i.refresh); got != c.refresh {
				t.Errorf("after %s the refresh token is current: %v", c.after, got)
			}
		}
	})
}
