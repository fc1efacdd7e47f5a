package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/grant"
	domain "github.com/vidocu/usher/services/token/internal/revocation"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// Revocations checks the revocation of users, members, clients and authentication apps.
func Revocations(t *testing.T) {
	t.Run("a user's end takes everything along", func(t *testing.T) { each(t, revokeUser) })
	t.Run("a member's end takes the workspace's along", func(t *testing.T) { each(t, revokeMember) })
	t.Run("a connection's end in a workspace leaves the others", func(t *testing.T) { each(t, endConnectionIn) })
	t.Run("redemption against the end of its connection in the workspace", func(t *testing.T) { each(t, redemptionAgainstConnection) })
	t.Run("the latest revocation of each client is listed", func(t *testing.T) { each(t, listRevocations) })
	t.Run("theft is seen after a member's end", func(t *testing.T) { each(t, reuseAfterMember) })
	t.Run("a new password leaves apps connected", func(t *testing.T) { each(t, revokeSignIns) })
	t.Run("an authentication app's end takes its tokens along", func(t *testing.T) { each(t, revokeApp) })
	t.Run("an app's end takes everything along, whosever it is", func(t *testing.T) { each(t, revokeClient) })
	t.Run("an app of many users ends whole", func(t *testing.T) { each(t, revokePopularClient) })
	t.Run("revoked grants of a user end and user tokens stay", func(t *testing.T) { each(t, revokeUserGrants) })
	t.Run("grants are listed by user and by app, and only live ones", func(t *testing.T) { each(t, listGrants) })
	t.Run("a revocation whose wait failed says that it was committed", func(t *testing.T) { each(t, committedRevocations) })
	t.Run("redemption against the end of its app", func(t *testing.T) { each(t, redemptionAgainstClient) })
	t.Run("redemption against the end of its user", func(t *testing.T) { each(t, redemptionAgainstUser) })
	t.Run("redemption against the end of its member", func(t *testing.T) { each(t, redemptionAgainstMember) })
	t.Run("reuse against the end of another member", func(t *testing.T) { each(t, reuseAgainstMember) })
}

// stalled is a barrier whose every wait fails.
type stalled struct{}

var errStalled = errors.New("a replica did not respond")

func (stalled) WaitForReplicas(context.Context, bool) error { return errStalled }

func committedRevocations(t *testing.T, b bench) {
	s := store.New(b.db, stalled{})
	for name, revoke := range map[string]func(ctx context.Context) error{
		"user":     func(ctx context.Context) error { return s.RevokeUser(ctx, "usr_john") },
		"sign-ins": func(ctx context.Context) error { return s.RevokeSignIns(ctx, "usr_john", domain.NewPassword) },
		"member":   func(ctx context.Context) error { return s.RevokeMember(ctx, "usr_john", "ws_acme") },
		"app":      func(ctx context.Context) error { return s.RevokeAuthenticationAppTokens(ctx, "aap_1") },
		"grants":   func(ctx context.Context) error { return s.RevokeUserGrants(ctx, "usr_john") },
		"client":   func(ctx context.Context) error { return s.RevokeClientGrants(ctx, "app") },
	} {
		if err := revoke(t.Context()); !errors.Is(err, domain.ErrCommitted) || !errors.Is(err, errStalled) {
			t.Errorf("%s: %v, want that it was committed and the failure of the wait", name, err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := revoke(gone); err == nil || errors.Is(err, domain.ErrCommitted) {
			t.Errorf("%s, not begun: %v, want another failure", name, err)
		}
	}
}

func revokeUser(t *testing.T, b bench) {
	apps := []issued{b.mustRedeem(t, code("app", "ws_acme", 0)), b.mustRedeem(t, code("app2", "ws_doe", 0))}
	user := b.mustIssue(t, usertoken.Holder{UserID: "usr_john"})
	other := b.mustIssue(t, usertoken.Holder{UserID: "usr_esther"})
	for range 2 { // it may be repeated
		if err := b.RevokeUser(t.Context(), "usr_john"); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range apps {
		if b.live(t, i.access) || b.current(t, i.refresh) {
			t.Error("an app's tokens outlive their user")
		}
	}
	b.wantValidated(t, "a user token", user, usertoken.ErrExpired)
	b.wantValidated(t, "another user's", other, nil)
	if err := b.redeem(t.Context(), fresh(), code("app", "ws_acme", 0)); !errors.Is(err, grant.ErrConsentRevoked) {
		t.Errorf("a code in flight: %v", err)
	}
	b.wantLog(t, []logged{{revocation.User, revlog.ReasonUserDisabled}, {revocation.User, revlog.ReasonUserDisabled}})
}

func revokeClient(t *testing.T, b bench) {
	esthers := code("app", "ws_acme", 0)
	esthers.UserID = "usr_esther"
	of := []issued{b.mustRedeem(t, code("app", "ws_acme", 0)), b.mustRedeem(t, code("app", "ws_doe", 0)), b.mustRedeem(t, esthers)}
	of = append(of, b.mustRotate(t, of[0].refresh))
	other := b.mustRedeem(t, code("app2", "ws_acme", 0))
	user := b.mustIssue(t, usertoken.Holder{UserID: "usr_john"})
	for range 2 { // it may be repeated
		if err := b.RevokeClientGrants(t.Context(), "app"); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range of {
		if b.live(t, i.access) || b.current(t, i.refresh) {
			t.Error("a token outlives its app")
		}
	}
	if !b.live(t, other.access) || !b.current(t, other.refresh) {
		t.Error("another app's tokens ended too")
	}
	b.wantValidated(t, "a user token", user, nil)
	for _, c := range []oauth.ApprovedRequest{code("app", "ws_acme", 0), esthers} {
		if err := b.redeem(t.Context(), fresh(), c); !errors.Is(err, grant.ErrConsentRevoked) {
			t.Errorf("a code in flight of %s: %v", c.UserID, err)
		}
	}
	if err := b.redeem(t.Context(), fresh(), code("app2", "ws_acme", 0)); err != nil {
		t.Errorf("a code of another app: %v", err)
	}
	b.wantLog(t, []logged{{revocation.Client, revlog.ReasonClientEnded}, {revocation.Client, revlog.ReasonClientEnded}})
}

func revokePopularClient(t *testing.T, b bench) {
	const users = 401 // more than are marked for release 0.1
	all := make([]issued, users)
	for i := range all {
		c := code("app", "ws_acme", 0)
		c.UserID = fmt.Sprintf("usr_%d", i)
		all[i] = b.mustRedeem(t, c)
	}
	if err := b.RevokeClientGrants(t.Context(), "app"); err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if b.live(t, all[i].access) || b.current(t, all[i].refresh) {
			t.Errorf("the tokens of user %d outlive their app", i)
		}
	}
	b.wantLog(t, []logged{{revocation.Client, revlog.ReasonClientEnded}})
}

func revokeMember(t *testing.T, b bench) {
	there, elsewhere := b.mustRedeem(t, code("app", "ws_acme", 0)), b.mustRedeem(t, code("app", "ws_doe", 0))
	limited := b.mustIssue(t, usertoken.Holder{UserID: "usr_john", WorkspaceID: "ws_acme"})
	otherLimit := b.mustIssue(t, usertoken.Holder{UserID: "usr_john", WorkspaceID: "ws_doe"})
	unlimited := b.mustIssue(t, usertoken.Holder{UserID: "usr_john"})
	if err := b.RevokeMember(t.Context(), "usr_john", "ws_acme"); err != nil {
		t.Fatal(err)
	}
	if b.live(t, there.access) || b.current(t, there.refresh) {
		t.Error("a token outlives the membership that it is good for")
	}
	if !b.live(t, elsewhere.access) || !b.current(t, elsewhere.refresh) {
		t.Error("a token of another workspace ended too")
	}
	b.wantValidated(t, "limited to the workspace", limited, usertoken.ErrExpired)
	b.wantValidated(t, "limited to another", otherLimit, nil)
	b.wantValidated(t, "without a limit", unlimited, nil)
	if err := b.redeem(t.Context(), fresh(), code("app", "ws_acme", 0)); !errors.Is(err, grant.ErrConsentRevoked) {
		t.Errorf("a code in flight: %v", err)
	}
	b.wantConnection(t, 1, 1)
	b.wantLog(t, []logged{{revocation.Member, revlog.ReasonMemberRemoved}})
}

// wantConnection expects one user-client with this epoch and this number of lenient raises.
func (b bench) wantConnection(t *testing.T, epoch, lenient int64) {
	t.Helper()
	list, err := b.ListConnections(t.Context(), "usr_john")
	if err != nil || len(list) != 1 || list[0].Epoch != epoch || list[0].Lenient != lenient {
		t.Errorf("connections are %+v (%v), want one at epoch %d with %d lenient raises", list, err, epoch, lenient)
	}
}

func reuseAfterMember(t *testing.T, b bench) {
	first := b.mustRedeem(t, code("app", "ws_doe", 0))
	next := b.mustRotate(t, first.refresh)
	elsewhere := b.mustRedeem(t, code("app", "ws_other", 0))
	for range 2 {
		if err := b.RevokeMember(t.Context(), "usr_john", "ws_acme"); err != nil {
			t.Fatal(err)
		}
	}
	b.wantConnection(t, 2, 2)
	next = b.mustRotate(t, next.refresh)
	replay, err := b.Replayed(t.Context(), grant.Presented{Token: first.refresh, ClientID: "app"}, oauth.ReuseSubject)
	if err != nil || !replay.Reused {
		t.Fatalf("reuse on a surviving family: %v %v", replay.Reused, err)
	}
	if b.live(t, next.access) || b.live(t, elsewhere.access) {
		t.Error("reuse on a surviving family did not end the pair")
	}
	b.wantConnection(t, 3, 0)

	// Evidence of a reuse that was handled does not revoke a grant that was approved after it.
	anew := b.mustRedeem(t, code("app", "ws_doe", 3))
	if err := b.RevokeMember(t.Context(), "usr_john", "ws_acme"); err != nil {
		t.Fatal(err)
	}
	replay, err = b.Replayed(t.Context(), grant.Presented{Token: first.refresh, ClientID: "app"}, oauth.ReuseSubject)
	if err != nil || replay.Reused || !b.live(t, anew.access) {
		t.Errorf("old evidence reached a newer connection: %v %v", replay.Reused, err)
	}
}

func revokeSignIns(t *testing.T, b bench) {
	app := b.mustRedeem(t, code("app", "ws_acme", 0))
	user := b.mustIssue(t, usertoken.Holder{UserID: "usr_john"})
	if err := b.RevokeSignIns(t.Context(), "usr_john", domain.NewPassword); err != nil {
		t.Fatal(err)
	}
	if !b.live(t, app.access) || !b.current(t, app.refresh) {
		t.Error("a new password disconnected an app")
	}
	b.wantValidated(t, "a user token", user, usertoken.ErrExpired)
	if err := b.redeem(t.Context(), fresh(), code("app", "ws_acme", 0)); !errors.Is(err, grant.ErrConsentRevoked) {
		t.Errorf("a code in flight: %v", err)
	}
	b.wantConnection(t, 1, 1)
	if err := b.RevokeSignIns(t.Context(), "usr_john", domain.OthersSignedOut); err != nil {
		t.Fatal(err)
	}
	b.wantLog(t, []logged{{revocation.User, revlog.ReasonPasswordSet}, {revocation.User, revlog.ReasonOthersSignedOut}})
}

func revokeApp(t *testing.T, b bench) {
	through, other := b.mustIssue(t, john()), b.mustIssue(t, usertoken.Holder{UserID: "usr_john", AppID: "aap_2"})
	password := b.mustIssue(t, usertoken.Holder{UserID: "usr_john"})
	if err := b.RevokeAuthenticationAppTokens(t.Context(), "aap_1"); err != nil {
		t.Fatal(err)
	}
	b.wantValidated(t, "through the app", through, usertoken.ErrExpired)
	b.wantValidated(t, "through another", other, nil)
	b.wantValidated(t, "by password", password, nil)
	b.wantLog(t, []logged{{revocation.AuthenticationApp, revlog.ReasonAppRevoked}})
}

func redemptionAgainstUser(t *testing.T, b bench) {
	redemptionAgainst(t, b, func() error { return b.RevokeUser(context.Background(), "usr_john") })
}

func redemptionAgainstClient(t *testing.T, b bench) {
	redemptionAgainst(t, b, func() error { return b.RevokeClientGrants(context.Background(), "app") })
}

func redemptionAgainstMember(t *testing.T, b bench) {
	redemptionAgainst(t, b, func() error { return b.RevokeMember(context.Background(), "usr_john", "ws_acme") })
}

// raceRounds is how often each race with a revocation is run: every revocation reads everything that
// was issued in the earlier rounds.
const raceRounds = 50

func redemptionAgainst(t *testing.T, b bench, end func() error) {
	t.Helper()
	if _, err := b.GetPairEpoch(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	for round := range raceRounds {
		i, next := fresh(), issued{}
		together(2, func(n int) {
			if n == 1 {
				if err := end(); err != nil {
					t.Errorf("ending: %v", err)
				}
				return
			}
			err := b.redeem(context.Background(), i, code("app", "ws_acme", int64(round)))
			if err != nil && !errors.Is(err, grant.ErrConsentRevoked) {
				t.Errorf("redemption: %v", err)
			}
			if next, err = b.rotate(context.Background(), i.refresh, "app"); err != nil && !errors.Is(err, grant.ErrNotCurrent) {
				t.Errorf("refresh: %v", err)
			}
		})
		if b.live(t, i.access) || b.current(t, i.refresh) || b.live(t, next.access) || b.current(t, next.refresh) {
			t.Fatalf("round %d: a token outlives the end that overtook it", round)
		}
	}
}

// reuseAgainstMember detects a reuse concurrently with a revocation for another workspace, which
// raises the epoch.
func reuseAgainstMember(t *testing.T, b bench) {
	for range raceRounds {
		epoch, err := b.GetPairEpoch(t.Context(), "usr_john", "app")
		if err != nil {
			t.Fatal(err)
		}
		first := b.mustRedeem(t, code("app", "ws_doe", epoch))
		next := b.mustRotate(t, first.refresh)
		together(2, func(n int) {
			if n == 0 {
				if err := b.RevokeMember(context.Background(), "usr_john", "ws_acme"); err != nil {
					t.Errorf("ending: %v", err)
				}
				return
			}
			if replay, err := b.Replayed(context.Background(), grant.Presented{Token: first.refresh, ClientID: "app"}, oauth.ReuseSubject); err != nil || !replay.Reused {
				t.Errorf("reuse: %v %v", replay.Reused, err)
			}
		})
		if b.live(t, next.access) {
			t.Fatal("a token outlives its pair's reuse")
		}
	}
}
