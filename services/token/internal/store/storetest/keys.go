package storetest

import (
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Keys checks that tokens are bound to keys (RFC 9449), and that refresh tokens may stay (FAPI 2.0).
func Keys(t *testing.T) {
	t.Run("tokens and codes keep their keys", func(t *testing.T) { each(t, keysOfAFamily) })
	t.Run("a bound refresh token needs its key", func(t *testing.T) { each(t, boundRefresh) })
	t.Run("a refresh token that stays is never spent", func(t *testing.T) { each(t, kept) })
	t.Run("concurrent refreshes with a token that stays all succeed", func(t *testing.T) { each(t, keptConcurrently) })
}

func (b bench) wantKey(t *testing.T, what string, access secret.Hash, want string) {
	t.Helper()
	got, err := b.FindAccess(t.Context(), access)
	if err != nil || got.Thumbprint != want {
		t.Errorf("%s: key %q, %v, want %q", what, got.Thumbprint, err, want)
	}
	many, err := b.FindManyAccess(t.Context(), []secret.Hash{access})
	if err != nil || many[access].Thumbprint != want {
		t.Errorf("%s, in a batch: key %q, %v, want %q", what, many[access].Thumbprint, err, want)
	}
}

// redeemBound begins a family of which the access token, the refresh token and the code have keys.
func (b bench) redeemBound(t *testing.T, key, refreshKey, codeKey string) issued {
	t.Helper()
	c, i := code("app", "ws_acme", 0), fresh()
	c.DPoPKey = codeKey
	if _, err := b.GetPairEpoch(t.Context(), c.UserID, c.ClientID); err != nil {
		t.Fatal(err)
	}
	err := b.Redeem(t.Context(), grant.Redemption{
		CodeHash: i.code, Code: c, Access: i.access, Refresh: i.refresh, Lifetimes: lifetimes(), Key: key, RefreshKey: refreshKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func keysOfAFamily(t *testing.T, b bench) {
	i := b.redeemBound(t, "access key", "refresh key", "code key")
	b.wantKey(t, "the first access token", i.access, "access key")
	bound, err := b.Redeemed(t.Context(), i.code)
	if err != nil || bound.DPoPKey != "code key" {
		t.Errorf("the code is bound to %q, %v", bound.DPoPKey, err)
	}
	refresh, err := b.FindRefresh(t.Context(), i.refresh)
	if err != nil || refresh.Thumbprint != "refresh key" {
		t.Errorf("the refresh token is bound to %q, %v", refresh.Thumbprint, err)
	}
	b.wantKey(t, "a bearer token", b.mustRedeem(t, code("app", "ws_acme", 0)).access, "")

	service, lives := token(), lifetimes()
	lives.Service = lives.Access
	err = b.IssueService(t.Context(), grant.ServiceIssue{
		Access: service, ClientID: "app", Service: oauth.Service{WorkspaceID: "ws_acme", Scope: oauth.Scope{"videos:read"}},
		Scope: oauth.Scope{"videos:read"}, Lifetimes: lives, Key: "service key",
	})
	if err != nil {
		t.Fatal(err)
	}
	b.wantKey(t, "a service token", service, "service key")
}

func boundRefresh(t *testing.T, b bench) {
	i := b.redeemBound(t, "key", "key", "")
	rotation := func(from secret.Hash, key string) grant.Rotation {
		return grant.Rotation{
			Predecessor: from, ClientID: "app", Access: token(), Successor: token(), Lifetimes: lifetimes(), Key: key, RefreshKey: key,
			Sealed: []byte("sealed"),
		}
	}
	for _, key := range []string{"", "another key"} {
		if _, err := b.Rotate(t.Context(), rotation(i.refresh, key)); !errors.Is(err, grant.ErrNotCurrent) {
			t.Errorf("a refresh with the key %q: %v", key, err)
		}
	}
	next := rotation(i.refresh, "key")
	next.Lifetimes.RetryWindow = lifetimes().Access
	if _, err := b.Rotate(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	b.wantKey(t, "the next access token", next.Access, "key")
	// Without the key a spent token is no evidence, and gets no successor.
	for _, key := range []string{"", "another key"} {
		replay, err := b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "app", Key: key}, oauth.ReuseSubject)
		if err != nil || replay.Reused || len(replay.Sealed) > 0 || !b.current(t, next.Successor) {
			t.Errorf("a spent token with the key %q: %+v, %v", key, replay, err)
		}
	}
	why, err := b.ExplainRefresh(t.Context(), next.Successor, lifetimes().Refresh)
	if err != nil || why.Key != "key" {
		t.Errorf("the explanation has the key %q, %v", why.Key, err)
	}
	replay, err := b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "app", Key: "key"}, oauth.ReuseSubject)
	if err != nil || string(replay.Sealed) != "sealed" {
		t.Errorf("a retry with the key: %+v, %v", replay, err)
	}

	// The first proof of an unbound family binds its refresh token.
	unbound := b.mustRedeem(t, code("app", "ws_acme", 0))
	first := rotation(unbound.refresh, "key")
	if _, err := b.Rotate(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Rotate(t.Context(), rotation(first.Successor, "another key")); !errors.Is(err, grant.ErrNotCurrent) {
		t.Errorf("a refresh token that a proof has bound: %v", err)
	}
}

// stays is a refresh that does not rotate.
func stays(refresh secret.Hash) grant.Rotation {
	return grant.Rotation{Predecessor: refresh, ClientID: "app", Access: token(), Successor: refresh, Lifetimes: lifetimes(), Key: "key"}
}

func kept(t *testing.T, b bench) {
	i := b.redeemBound(t, "key", "", "")
	for range 3 {
		r := stays(i.refresh)
		if _, err := b.Rotate(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		b.wantKey(t, "an access token", r.Access, "key")
	}
	replay, err := b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "app", Key: "key"}, oauth.ReuseSubject)
	if err != nil || replay.Reused || !b.current(t, i.refresh) || !b.live(t, i.access) {
		t.Errorf("the token that stays counts as reused: %+v, %v", replay, err)
	}
}

// keptConcurrently: a batch has several rotations of one token, and each gets its own access token.
func keptConcurrently(t *testing.T, b bench) {
	i := b.redeemBound(t, "key", "", "")
	rotations := make([]grant.Rotation, 12)
	together(len(rotations), func(n int) {
		rotations[n] = stays(i.refresh)
		if _, err := b.Rotate(t.Context(), rotations[n]); err != nil {
			t.Errorf("refresh %d: %v", n, err)
		}
	})
	for n, r := range rotations {
		if !b.live(t, r.Access) {
			t.Errorf("the access token of refresh %d is not live", n)
		}
	}
}
