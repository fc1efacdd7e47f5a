package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// Explanations checks what the store returns about refused tokens and codes.
func Explanations(t *testing.T) {
	t.Run("a refused refresh token is told from others", func(t *testing.T) { each(t, explainRefresh) })
	t.Run("an expired refresh token says so", explainExpired)
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

func explainExpired(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		i := now.mustRedeem(t, code("app", "ws_acme", 0))
		later := bench{Store: store.New(reopen(lifetimes().Refresh+time.Second), revlog.NoReplicas{})}
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
	if err != nil || got.Ago <= 0 || got.Ago > time.Minute {
		t.Errorf("redeemed %s ago, %v; want just now", got.Ago, err)
	}
	got.Ago = 0
	if got != (grant.Origin{ClientID: "app", UserID: "usr_john", WorkspaceID: "ws_acme"}) {
		t.Errorf("the code was %+v", got)
	}
}
