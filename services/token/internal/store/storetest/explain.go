package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Explanations checks what the store returns about refused tokens and codes.
func Explanations(t *testing.T) {
	t.Run("a refused refresh token is told from others", func(t *testing.T) { each(t, explainRefresh) })
	t.Run("an expired refresh token says so", explainExpired)
	t.Run("a revoked refresh token says so", func(t *testing.T) { each(t, explainRevoked) })
	t.Run("a redeemed code says whose it was", func(t *testing.T) { each(t, explainRedemption) })
}

func (b bench) explain(t *testing.T, token secret.Hash) grant.Refused {
	t.Helper()
	got, err := b.ExplainRefresh(t.Context(), token, lifetimes().Refresh)
	if err != nil {
		t.Fatalf("explaining a refusal: %v", err)
	}
	return got
}

func explainRefresh(t *testing.T, b bench) {
	if got := b.explain(t, token()); got != (grant.Refused{}) {
		t.Errorf("an unknown token is known as %+v", got)
	}
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	next := b.mustRotate(t, i.refresh)
	origin := grant.Origin{ClientID: "app", UserID: "usr_john", WorkspaceID: "ws_acme"}
	spent := b.explain(t, i.refresh)
	for deadline := time.Now().Add(time.Minute); spent.Ago == 0 && time.Now().Before(deadline); { // in the same millisecond
		spent = b.explain(t, i.refresh)
	}
	if spent.Ago <= 0 || spent.Ago > time.Minute {
		t.Errorf("the token was rotated %s ago, want just now", spent.Ago)
	}
	spent.Ago = 0
	if spent != (grant.Refused{Origin: origin, Spent: true}) {
		t.Errorf("a spent token is %+v", spent)
	}
	if got := b.explain(t, next.refresh); got != (grant.Refused{Origin: origin}) {
		t.Errorf("a current token is %+v", got)
	}
	if !b.current(t, next.refresh) {
		t.Error("explaining changed something")
	}
}

// explainRevoked: a current token is revoked with its family, and a spent one with its user-client,
// until which it is evidence of reuse; of a shared client, until its family is revoked.
func explainRevoked(t *testing.T, b bench) {
	type step struct {
		what           string
		revoke         func(i, next issued) error
		spent, current bool
		// family says that the spent token's family is revoked by itself. A revocation by subject
		// reaches the row later.
		family bool
	}
	for _, s := range []step{
		{"nothing", func(_, _ issued) error { return nil }, false, false, false},
		{"its family", func(_, next issued) error {
			_, err := b.RevokeRefresh(t.Context(), next.refresh, "")
			return err
		}, false, true, true},
		{"the membership", func(_, _ issued) error { return b.RevokeMember(t.Context(), "usr_john", "ws_acme") }, false, true, false},
		{"the user-client", func(_, _ issued) error { return b.EndConnection(t.Context(), "usr_john", "app") }, true, true, false},
		{"the reuse", func(i, _ issued) error {
			replay, err := b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "app"}, oauth.ReuseSubject)
			if !replay.Reused {
				t.Error("a second use was no reuse")
			}
			return err
		}, true, true, false},
		{"the reuse of a shared client", func(i, _ issued) error {
			_, err := b.Replayed(t.Context(), grant.Presented{Token: i.refresh, ClientID: "app"}, oauth.ReuseFamily)
			return err
		}, false, true, true},
		{"the user's grants", func(_, _ issued) error { return b.RevokeUserGrants(t.Context(), "usr_john") }, true, true, false},
		{"the client's grants", func(_, _ issued) error { return b.RevokeClientGrants(t.Context(), "app") }, true, true, false},
	} {
		page, err := b.GetPairEpoch(t.Context(), "usr_john", "app")
		if err != nil {
			t.Fatal(err)
		}
		i := b.mustRedeem(t, code("app", "ws_acme", page))
		next := b.mustRotate(t, i.refresh)
		if err := s.revoke(i, next); err != nil {
			t.Fatalf("revoking %s: %v", s.what, err)
		}
		if got := b.explain(t, i.refresh); !got.Spent || got.Revoked != s.spent || s.family && !got.FamilyRevoked {
			t.Errorf("after %s was revoked the spent token is %+v", s.what, got)
		}
		if got := b.explain(t, next.refresh); got.Spent || got.Revoked != s.current {
			t.Errorf("after %s was revoked the current token is %+v", s.what, got)
		}
	}
}

func explainExpired(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		i := now.mustRedeem(t, code("app", "ws_acme", 0))
		later := bench{Store: store.New(reopen(lifetimes().Refresh+time.Second), noReplicas{})}
		if got := later.explain(t, i.refresh); !got.Expired || got.Spent || got.ClientID != "app" {
			t.Errorf("an expired token is %+v", got)
		}
	})
}

func explainRedemption(t *testing.T, b bench) {
	if _, err := b.RedemptionOrigin(t.Context(), token()); !errors.Is(err, grant.ErrNoEvidence) {
		t.Errorf("a code that was never redeemed: %v", err)
	}
	i := b.mustRedeem(t, code("app", "ws_acme", 0))
	got, err := b.RedemptionOrigin(t.Context(), i.code)
	for deadline := time.Now().Add(time.Minute); err == nil && got.Ago == 0 && time.Now().Before(deadline); { // in the same millisecond
		got, err = b.RedemptionOrigin(t.Context(), i.code)
	}
	if err != nil || got.Ago <= 0 || got.Ago > time.Minute {
		t.Errorf("redeemed %s ago, %v; want just now", got.Ago, err)
	}
	got.Ago = 0
	if got != (grant.Origin{ClientID: "app", UserID: "usr_john", WorkspaceID: "ws_acme"}) {
		t.Errorf("the code was %+v", got)
	}
}
