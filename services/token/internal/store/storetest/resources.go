package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Resources checks that tokens are for the resources of their grant, or for fewer.
func Resources(t *testing.T) {
	t.Run("a family keeps its resources", func(t *testing.T) { each(t, resourcesOfAFamily) })
	t.Run("a token for fewer resources has fewer scopes", func(t *testing.T) { each(t, scopeOfAToken) })
	t.Run("a row of release 0.1 is for all resources of its family", func(t *testing.T) { each(t, withoutResources) })
}

func (b bench) wantResources(t *testing.T, what string, access secret.Hash, want oauth.Resources) {
	t.Helper()
	got, err := b.FindAccess(t.Context(), access)
	if err != nil || cmp.Diff(want, got.Resources) != "" {
		t.Errorf("%s: %q, %v, want %q", what, got.Resources, err, want)
	}
	many, err := b.FindManyAccess(t.Context(), []secret.Hash{access, token()})
	if err != nil || cmp.Diff(want, many[access].Resources) != "" {
		t.Errorf("%s, in a batch: %q, %v, want %q", what, many[access].Resources, err, want)
	}
}

func resourcesOfAFamily(t *testing.T, b bench) {
	both := oauth.Resources{"https://mcp.test/mcp", "https://api.test/v1"}
	for name, row := range map[string]struct{ granted, first, want oauth.Resources }{
		"the default":        {nil, nil, nil},
		"both":               {both, nil, both},
		"both, narrowed":     {both, both[:1], both[:1]},
		"one, which is both": {both[:1], nil, both[:1]},
	} {
		c, i := code("app", "ws_acme", 0), fresh()
		c.Resources = row.granted
		if _, err := b.GetPairEpoch(t.Context(), c.UserID, c.ClientID); err != nil {
			t.Fatal(err)
		}
		err := b.Redeem(t.Context(), grant.Redemption{
			CodeHash: i.code, Code: c, Resources: row.first, Access: i.access, Refresh: i.refresh, Lifetimes: lifetimes(),
		})
		if err != nil {
			t.Fatal(err)
		}
		b.wantResources(t, name, i.access, row.want)
		for narrowed, want := range map[string]oauth.Resources{"": row.granted, "https://api.test/v1": {"https://api.test/v1"}} {
			next := issued{access: token(), refresh: token()}
			_, err := b.Rotate(t.Context(), grant.Rotation{
				Predecessor: i.refresh, ClientID: "app", Access: next.access, Successor: next.refresh, Lifetimes: lifetimes(),
				Resources: oauth.ParseResources(narrowed),
			})
			if err != nil {
				t.Fatal(err)
			}
			b.wantResources(t, name+", refreshed for "+narrowed, next.access, want)
			i.refresh = next.refresh
		}
		granted, err := b.Granted(t.Context(), i.refresh, "app")
		if err != nil || cmp.Diff(row.granted, granted.Resources) != "" {
			t.Errorf("%s: the family has %q, %v", name, granted.Resources, err)
		}
		refresh, err := b.FindRefresh(t.Context(), i.refresh)
		if err != nil || cmp.Diff(row.granted, refresh.Resources) != "" {
			t.Errorf("%s: the refresh token has %q, %v", name, refresh.Resources, err)
		}
	}
}

// scopeOfAToken redeems codes for all and for a part of their scope; the family keeps all.
func scopeOfAToken(t *testing.T, b bench) {
	for _, narrowed := range []string{"", "videos:read"} {
		c, i := code("app", "ws_acme", 0), fresh()
		if _, err := b.GetPairEpoch(t.Context(), c.UserID, c.ClientID); err != nil {
			t.Fatal(err)
		}
		err := b.Redeem(t.Context(), grant.Redemption{
			CodeHash: i.code, Code: c, Scope: narrowed, Access: i.access, Refresh: i.refresh, Lifetimes: lifetimes(),
		})
		if err != nil {
			t.Fatal(err)
		}
		want := narrowed
		if narrowed == "" {
			want = c.Scope.String()
		}
		if got, err := b.FindAccess(t.Context(), i.access); err != nil || got.Scope != want {
			t.Errorf("narrowed to %q: the token has %q, %v, want %q", narrowed, got.Scope, err, want)
		}
		if got, err := b.Granted(t.Context(), i.refresh, "app"); err != nil || got.Scope != c.Scope.String() {
			t.Errorf("narrowed to %q: the family has %q, %v", narrowed, got.Scope, err)
		}
	}
}

// withoutResources inserts access tokens as release 0.1 does.
func withoutResources(t *testing.T, b bench) {
	for _, resources := range []oauth.Resources{nil, {"https://mcp.test/mcp"}} {
		c := code("app", "ws_acme", 0)
		c.Resources = resources
		i, old := b.mustRedeem(t, c), token()
		_, err := b.db.Exec(t.Context(), `
INSERT INTO access_tokens (hash, family_id, scope, issued_at, expires_at)
SELECT $1, family_id, scope, issued_at, expires_at FROM access_tokens WHERE hash = $2`, old.Bytes(), i.access.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		b.wantResources(t, "a row of release 0.1", old, resources)
	}
}
