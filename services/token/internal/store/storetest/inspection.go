package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/inspection"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

func revokeUserGrants(t *testing.T, b bench) {
	first, second := b.mustRedeem(t, code("app", "ws_acme", 0)), b.mustRedeem(t, code("app2", "ws_doe", 0))
	user := b.mustIssue(t, usertoken.Holder{UserID: "usr_john"})
	if err := b.RevokeUserClientGrants(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	if b.live(t, first.access) || b.current(t, first.refresh) || !b.live(t, second.access) {
		t.Error("a pair's grants did not end alone")
	}
	if _, err := b.GetPairEpoch(t.Context(), "usr_john", "app3"); err != nil { // an open consent page without an approval
		t.Fatal(err)
	}
	if err := b.RevokeUserGrants(t.Context(), "usr_john"); err != nil {
		t.Fatal(err)
	}
	if b.live(t, second.access) || b.current(t, second.refresh) {
		t.Error("a user's grants live on")
	}
	b.wantValidated(t, "a user token", user, nil)
	for client, epoch := range map[string]int64{"app": 1, "app2": 0, "app3": 0} {
		if err := b.redeem(t.Context(), fresh(), code(client, "ws_acme", epoch)); !errors.Is(err, grant.ErrConsentRevoked) {
			t.Errorf("a code in flight to %s: %v", client, err)
		}
	}
	b.wantLog(t, []logged{{revocation.UserClient, revlog.ReasonGrantsRevoked}, {revocation.User, revlog.ReasonGrantsRevoked}})
}

func listGrants(t *testing.T, b bench) {
	of := func(user, client, workspace string) issued {
		c := code(client, workspace, 0)
		c.UserID = user
		return b.mustRedeem(t, c)
	}
	dead := of("usr_john", "app", "ws_acme")
	for _, user := range []string{"usr_esther", "usr_john"} {
		for _, client := range []string{"app2", "app"} {
			for range 2 {
				of(user, client, "ws_doe")
			}
		}
	}
	if _, err := b.RevokeRefresh(t.Context(), dead.refresh, ""); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		ask  inspection.Query
		want []string
	}{
		"of a user":           {inspection.Query{UserID: "usr_john"}, []string{"usr_john app", "usr_john app", "usr_john app2", "usr_john app2"}},
		"of an app":           {inspection.Query{ClientID: "app"}, []string{"usr_esther app", "usr_esther app", "usr_john app", "usr_john app"}},
		"of a user to an app": {inspection.Query{UserID: "usr_esther", ClientID: "app2"}, []string{"usr_esther app2", "usr_esther app2"}},
		"of nobody":           {inspection.Query{UserID: "usr_nobody"}, nil},
	} {
		for limit := 1; limit <= 5; limit++ {
			var got []string
			seen := map[string]bool{}
			q := row.ask
			for q.Limit = limit; ; {
				page, err := b.ListGrants(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				for _, g := range page {
					got = append(got, g.UserID+" "+g.ClientID)
					if seen[string(g.ID)] || g.WorkspaceID != "ws_doe" || g.Scope == "" || !g.ExpiresAt.After(g.CreatedAt) {
						t.Errorf("%s: %+v", name, g)
					}
					seen[string(g.ID)] = true
					q.After = inspection.Place{UserID: g.UserID, ClientID: g.ClientID, ID: g.ID}
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s, %d at a time (-want +got):\n%s", name, limit, diff)
			}
		}
	}
}
