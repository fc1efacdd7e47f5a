package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// document is a client identifier with separators of subjects in it.
const document = "https://app.example/ws_acme/x"

func endConnectionIn(t *testing.T, b bench) {
	there, elsewhere := b.mustRedeem(t, code(document, "ws_acme", 0)), b.mustRedeem(t, code(document, "ws_doe", 0))
	another := b.mustRedeem(t, code("app2", "ws_acme", 0))
	user := b.mustIssue(t, usertoken.Holder{UserID: "usr_john", WorkspaceID: "ws_acme"})
	pair := oauth.UserClient{UserID: "usr_john", ClientID: document}
	for range 2 { // it may be repeated
		if err := b.EndConnectionIn(t.Context(), pair, "ws_acme"); err != nil {
			t.Fatal(err)
		}
	}
	if b.live(t, there.access) || b.current(t, there.refresh) {
		t.Error("a token outlives the end of its connection")
	}
	if !b.live(t, elsewhere.access) || !b.current(t, elsewhere.refresh) || !b.live(t, another.access) {
		t.Error("a token of another workspace or another client ended too")
	}
	b.wantValidated(t, "a user token of the workspace", user, nil)
	for _, workspace := range []string{"ws_acme", "ws_doe"} {
		if err := b.redeem(t.Context(), fresh(), code(document, workspace, 0)); !errors.Is(err, grant.ErrConsentRevoked) {
			t.Errorf("a code in flight for %s: %v", workspace, err)
		}
	}
	epoch, err := b.GetPairEpoch(t.Context(), "usr_john", document)
	if err != nil || epoch != 2 {
		t.Fatalf("the epoch is %d, %v", epoch, err)
	}
	anew := b.mustRedeem(t, code(document, "ws_acme", epoch))
	if !b.live(t, anew.access) || !b.current(t, anew.refresh) {
		t.Error("a new approval of the workspace is not valid")
	}
	if _, err := b.rotate(t.Context(), elsewhere.refresh, document); err != nil {
		t.Errorf("the grant of another workspace: %v", err)
	}
	list, err := b.ListConnections(t.Context(), "usr_john")
	for _, c := range list {
		if c.ClientID == document && (c.Epoch != 2 || c.Lenient != 2) {
			t.Errorf("the connection is %+v, %v", c, err)
		}
	}
	b.wantLog(t, []logged{{revocation.Member, revlog.ReasonDisconnect}, {revocation.Member, revlog.ReasonDisconnect}})

	// The end of the whole connection reaches everything.
	if err := b.EndConnection(t.Context(), "usr_john", document); err != nil {
		t.Fatal(err)
	}
	if b.live(t, anew.access) || b.live(t, elsewhere.access) {
		t.Error("a token outlives its connection")
	}
}

func redemptionAgainstConnection(t *testing.T, b bench) {
	redemptionAgainst(t, b, func() error {
		return b.EndConnectionIn(context.Background(), oauth.UserClient{UserID: "usr_john", ClientID: "app"}, "ws_acme")
	})
}

func listRevocations(t *testing.T, b bench) {
	pair := oauth.UserClient{UserID: "usr_john", ClientID: document}
	for _, revoke := range []func(ctx context.Context) error{
		func(ctx context.Context) error { return b.EndConnection(ctx, "usr_john", document) },
		func(ctx context.Context) error { return b.EndConnection(ctx, "usr_john", "app") },
		func(ctx context.Context) error { return b.EndConnectionIn(ctx, pair, "ws_acme") },
		func(ctx context.Context) error { return b.EndConnection(ctx, "usr_john", document) },
		func(ctx context.Context) error { return b.EndConnection(ctx, "usr_john2", "app") },
		func(ctx context.Context) error { return b.RevokeUserGrants(ctx, "usr_john") },
	} {
		if err := revoke(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.ListConnectionRevocations(t.Context(), "usr_john")
	want := []oauth.ConnectionRevocation{
		{Reason: int32(revlog.ReasonGrantsRevoked)},
		{ClientID: document, Reason: int32(revlog.ReasonDisconnect)},
		{ClientID: document, WorkspaceID: "ws_acme", Reason: int32(revlog.ReasonDisconnect)},
		{ClientID: "app", Reason: int32(revlog.ReasonDisconnect)},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(oauth.ConnectionRevocation{}, "At")); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if err := b.RevocationLog.Trim(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if got, err = b.ListConnectionRevocations(t.Context(), "usr_john"); err != nil || len(got) != 4 || got[3].Reason != 0 || got[3].At.IsZero() {
		t.Errorf("without the log: %+v, %v", got, err)
	}
}
