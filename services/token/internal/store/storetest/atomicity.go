package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// Atomicity checks that every decision is atomic: a refusal changes nothing, and a revocation
// revokes everything that depends on it.
func Atomicity(t *testing.T) {
	t.Run("a code redeems once", func(t *testing.T) { each(t, codeOnce) })
	t.Run("a replayed code takes its family along", func(t *testing.T) { each(t, codeReplay) })
	t.Run("rotation spends the predecessor", func(t *testing.T) { each(t, rotation) })
	t.Run("another client's token is left alone", func(t *testing.T) { each(t, foreignClient) })
	t.Run("reuse ends the pair in all workspaces, once", func(t *testing.T) { each(t, reuse) })
	t.Run("reuse of a shared client ends the family alone, once", func(t *testing.T) { each(t, familyReuse) })
	t.Run("an older consent issues nothing after a revocation", func(t *testing.T) { each(t, staleConsent) })
	t.Run("a pair that nobody asked about redeems nothing", func(t *testing.T) { each(t, unknownPair) })
	t.Run("revoking a refresh token ends its family alone", func(t *testing.T) { each(t, revokeRefresh) })
	t.Run("revoking an access token ends it alone", func(t *testing.T) { each(t, revokeAccess) })
	t.Run("the log has one entry a revocation, in order", func(t *testing.T) { each(t, logEntries) })
	t.Run("a sealed successor is given inside its window", func(t *testing.T) { each(t, retryWindow) })
}

func codeOnce(t *testing.T, b bench) {
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	again := issued{code: i.code, access: token(), refresh: token()}
	if err := b.redeem(t.Context(), again, code("app", "ws_acme", 0)); !errors.Is(err, grant.ErrCodeUsed) {
		t.Fatalf("second redemption: %v", err)
	}
	if b.live(t, again.access) || b.current(t, again.refresh) {
		t.Error("the second redemption left tokens behind")
	}
	if !b.live(t, i.access) {
		t.Error("the first redemption's token is gone before anybody revoked it")
	}
}

func codeReplay(t *testing.T, b bench) {
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	other := b.mustRedeem(t, code("app", "ws_doe", 0))
	next := b.mustRotate(t, i.refresh)
	if err := b.RevokeFamily(t.Context(), i.code); err != nil {
		t.Fatal(err)
	}
	if b.live(t, i.access) || b.live(t, next.access) || b.current(t, next.refresh) {
		t.Error("part of the family outlives the replay")
	}
	if !b.live(t, other.access) {
		t.Error("the replay reached another family")
	}
}

func rotation(t *testing.T, b bench) {
	first := b.mustRedeem(t, code("app", "ws_acme", 0))
	second := b.mustRotate(t, first.refresh)
	if b.current(t, first.refresh) || !b.current(t, second.refresh) {
		t.Error("rotation did not move the current token on")
	}
	if !b.live(t, first.access) || !b.live(t, second.access) {
		t.Error("rotation must leave earlier access tokens to expire by themselves")
	}
	if _, err := b.rotate(t.Context(), first.refresh, "app"); !errors.Is(err, grant.ErrNotCurrent) {
		t.Errorf("rotating a spent token: %v", err)
	}
}

func foreignClient(t *testing.T, b bench) {
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	if _, err := b.rotate(t.Context(), i.refresh, "stranger"); !errors.Is(err, grant.ErrNotCurrent) {
		t.Fatalf("a stranger's rotation: %v", err)
	}
	next := b.mustRotate(t, i.refresh)
	replay, err := b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "stranger"}, oauth.ReuseSubject)
	if err != nil || replay.Reused {
		t.Fatalf("a stranger's replay was acted upon: %+v %v", replay.Reused, err)
	}
	for _, revoke := range []error{
		second(b.RevokeRefresh(t.Context(), next.refresh, "stranger")),
		second(b.RevokeAccess(t.Context(), next.access, "stranger")),
	} {
		if revoke != nil {
			t.Fatal(revoke)
		}
	}
	if !b.live(t, next.access) || !b.current(t, next.refresh) {
		t.Error("a stranger ended tokens that are not its own")
	}
}

func second(_ bool, err error) error { return err }

func reuse(t *testing.T, b bench) {
	spent := b.mustRedeem(t, code("app", "ws_acme", 0))
	current := b.mustRotate(t, spent.refresh)
	elsewhere := b.mustRedeem(t, code("app", "ws_doe", 0))
	otherApp := b.mustRedeem(t, code("app2", "ws_acme", 0))
	replay, err := b.Replayed(t.Context(), grant.Presented{Token: spent.refresh, ClientID: "app"}, oauth.ReuseSubject)
	if err != nil || !replay.Reused {
		t.Fatalf("reuse was not seen: %v", err)
	}
	for name, i := range map[string]issued{"its family": current, "the other workspace": elsewhere} {
		if b.live(t, i.access) || b.current(t, i.refresh) {
			t.Errorf("%s outlives the reuse", name)
		}
	}
	if !b.live(t, otherApp.access) {
		t.Error("the reuse reached another app")
	}
	anew := b.mustRedeem(t, code("app", "ws_acme", 1))
	replay, err = b.Replayed(t.Context(), grant.Presented{Token: spent.refresh, ClientID: "app"}, oauth.ReuseSubject)
	if err != nil || replay.Reused || !b.live(t, anew.access) {
		t.Errorf("old evidence reached a connection that was approved after it was acted upon: %v %v", replay.Reused, err)
	}
}

func familyReuse(t *testing.T, b bench) {
	spent := b.mustRedeem(t, code("app", "ws_acme", 0))
	current := b.mustRotate(t, spent.refresh)
	other := b.mustRedeem(t, code("app", "ws_acme", 0))
	for n := range 2 {
		replay, err := b.Replayed(t.Context(), grant.Presented{Token: spent.refresh, ClientID: "app"}, oauth.ReuseFamily)
		if err != nil || replay.Reused != (n == 0) {
			t.Fatalf("replay %d: reused %v, error %v", n, replay.Reused, err)
		}
	}
	if b.live(t, spent.access) || b.live(t, current.access) || b.current(t, current.refresh) {
		t.Error("a token of the family outlives the reuse")
	}
	if !b.live(t, other.access) || !b.current(t, other.refresh) {
		t.Error("the reuse reached another family of the user and the client")
	}
}

func staleConsent(t *testing.T, b bench) {
	if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	i := fresh()
	if err := b.redeem(t.Context(), i, code("app", "ws_acme", 0)); !errors.Is(err, grant.ErrConsentRevoked) {
		t.Fatalf("redeeming an older consent: %v", err)
	}
	if b.live(t, i.access) {
		t.Error("an older consent issued a token")
	}
	if err := b.redeem(t.Context(), i, code("app", "ws_acme", 1)); err != nil {
		t.Errorf("redeeming a newer consent: %v", err)
	}
}

func unknownPair(t *testing.T, b bench) {
	i, c := fresh(), code("app", "ws_acme", 0)
	r := grant.Redemption{CodeHash: i.code, Code: c, Access: i.access, Refresh: i.refresh, Lifetimes: lifetimes()}
	if err := b.Redeem(t.Context(), r); !errors.Is(err, grant.ErrConsentRevoked) || b.live(t, i.access) {
		t.Errorf("redeeming for an unknown pair: %v", err)
	}
	if list, err := b.ListConnections(t.Context(), "usr_john"); err != nil || len(list) > 0 {
		t.Errorf("it is listed: %v %v", list, err)
	}
}

func revokeRefresh(t *testing.T, b bench) {
	for name, pick := range map[string]func(first, next issued) issued{
		"current": func(_, next issued) issued { return next },
		"rotated": func(first, _ issued) issued { return first },
	} {
		first := b.mustRedeem(t, code("app", "ws_acme", 0))
		next := b.mustRotate(t, first.refresh)
		other := b.mustRedeem(t, code("app", "ws_acme", 0))
		revoked, err := b.RevokeRefresh(t.Context(), pick(first, next).refresh, "")
		if err != nil || !revoked {
			t.Fatalf("%s: ended %v, error %v", name, revoked, err)
		}
		if b.live(t, first.access) || b.live(t, next.access) || b.current(t, next.refresh) {
			t.Errorf("%s: part of the family is still live", name)
		}
		if !b.live(t, other.access) {
			t.Errorf("%s: another family ended too", name)
		}
	}
}

func revokeAccess(t *testing.T, b bench) {
	first := b.mustRedeem(t, code("app", "ws_acme", 0))
	next := b.mustRotate(t, first.refresh)
	if revoked, err := b.RevokeAccess(t.Context(), first.access, "app"); err != nil || !revoked {
		t.Fatalf("ended %v, error %v", revoked, err)
	}
	if b.live(t, first.access) || !b.live(t, next.access) || !b.current(t, next.refresh) {
		t.Error("revoking an access token must end it and nothing else")
	}
	if revoked, err := b.RevokeAccess(t.Context(), token(), ""); err != nil || revoked {
		t.Errorf("an unknown token ended something: %v %v", revoked, err)
	}
}

func logEntries(t *testing.T, b bench) {
	first := b.mustRedeem(t, code("app", "ws_acme", 0))
	if err := second(b.RevokeAccess(t.Context(), first.access, "")); err != nil {
		t.Fatal(err)
	}
	if err := second(b.RevokeRefresh(t.Context(), first.refresh, "")); err != nil {
		t.Fatal(err)
	}
	if err := second(b.RevokeRefresh(t.Context(), first.refresh, "")); err != nil {
		t.Fatal(err)
	}
	if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	entries, err := b.RevocationLog.EntriesAfter(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Cursor int64
		Kind   revocation.Kind
		Reason revlog.Reason
	}
	var got []row
	for _, e := range entries {
		got = append(got, row{e.Cursor, e.Kind, e.Reason})
	}
	want := []row{
		{1, revocation.Token, revlog.ReasonRevoked},
		{2, revocation.Family, revlog.ReasonRevoked},
		{3, revocation.UserClient, revlog.ReasonDisconnect},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func retryWindow(t *testing.T, b bench) {
	l := lifetimes()
	l.RetryWindow = lifetimes().Access
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	next := issued{access: token(), refresh: token()}
	_, err := b.Rotate(t.Context(), grant.Rotation{
		Predecessor: i.refresh, ClientID: "app", Access: next.access, Successor: next.refresh, Lifetimes: l, Sealed: []byte("sealed"),
	})
	if err != nil {
		t.Fatal(err)
	}
	replay, err := b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "app"}, oauth.ReuseSubject)
	if err != nil || string(replay.Sealed) != "sealed" || replay.Reused {
		t.Fatalf("inside the window: sealed %q, reused %v, error %v", replay.Sealed, replay.Reused, err)
	}
	b.mustRotate(t, next.refresh)
	replay, err = b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "app"}, oauth.ReuseSubject)
	if err != nil || len(replay.Sealed) != 0 || !replay.Reused {
		t.Fatalf("once the successor was used: sealed %q, reused %v, error %v", replay.Sealed, replay.Reused, err)
	}
}
