package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Workspaces checks what administrators of a workspace see and end, and the versions of policies.
func Workspaces(t *testing.T) {
	t.Run("the clients of a workspace are those with live grants of users", func(t *testing.T) { each(t, workspaceClients) })
	t.Run("a client ends in a workspace for all users", func(t *testing.T) { each(t, endClientInWorkspace) })
	t.Run("an access token that outlives its refresh token ends too", longAccess)
	t.Run("the version of a policy is read with the epoch", func(t *testing.T) { each(t, policyVersions) })
	t.Run("a user-client of which no page was shown is not stored", func(t *testing.T) { each(t, onlyStored) })
}

// codeOf is an approval by a user.
func codeOf(user, client, workspace string, scope ...string) oauth.ApprovedRequest {
	c := code(client, workspace, 0)
	c.UserID, c.Scope = user, scope
	return c
}

// wantClients compares the clients of Acme, each as its identifier, its users and its scopes.
func (b bench) wantClients(t *testing.T, want map[string]int64) {
	t.Helper()
	got := map[string]int64{}
	for after := ""; ; { // one at a time
		page, err := b.ListWorkspaceClients(t.Context(), "ws_acme", after, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got[page[0].ClientID], after = page[0].Users, page[0].ClientID
		if page[0].LastUsed.IsZero() {
			t.Errorf("%s was never used", page[0].ClientID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clients by their users (-want +got)\n%s", diff)
	}
}

func workspaceClients(t *testing.T, b bench) {
	b.wantClients(t, map[string]int64{})
	b.mustRedeem(t, codeOf("usr_john", "app", "ws_acme", "videos:read"))
	b.mustRedeem(t, codeOf("usr_john", "app", "ws_acme", "videos:read", "jobs:read"))
	b.mustRedeem(t, codeOf("usr_esther", "app", "ws_acme", "analyze:write"))
	b.mustRedeem(t, codeOf("usr_esther", "app", "ws_doe", "export:write"))
	b.mustRedeem(t, codeOf("usr_esther", document, "ws_acme", "videos:read"))
	b.mustRedeem(t, codeOf(oauth.ServiceSubject("service"), "service", "ws_acme", "videos:read"))
	b.wantClients(t, map[string]int64{"app": 2, document: 1})
	list, err := b.ListWorkspaceClients(t.Context(), "ws_acme", "", 10)
	if err != nil || len(list) != 2 || len(list[0].Scope) != 3 || !list[0].Scope.Covers(oauth.Scope{"videos:read", "jobs:read", "analyze:write"}) {
		t.Errorf("the clients are %+v, %v", list, err)
	}
	if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	if err := b.RevokeMember(t.Context(), "usr_esther", "ws_acme"); err != nil {
		t.Fatal(err)
	}
	b.wantClients(t, map[string]int64{})
}

func endClientInWorkspace(t *testing.T, b bench) {
	john, esther := b.mustRedeem(t, codeOf("usr_john", document, "ws_acme", "videos:read")), b.mustRedeem(t, codeOf("usr_esther", document, "ws_acme", "videos:read"))
	elsewhere, other := b.mustRedeem(t, codeOf("usr_esther", document, "ws_doe", "videos:read")), b.mustRedeem(t, codeOf("usr_esther", "app", "ws_acme", "videos:read"))
	if _, err := b.GetPairEpoch(t.Context(), "usr_ada", document); err != nil { // an open consent page
		t.Fatal(err)
	}
	for i, want := range []int{2, 0} { // it may be repeated
		before, err := b.RevocationLog.Cursor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		users, err := b.EndClientInWorkspace(t.Context(), document, "ws_acme", []string{"usr_ada", "usr_john"})
		if err != nil || users != want {
			t.Errorf("the %d. time ended %d users, %v, want %d", i+1, users, err, want)
		}
		// An entry for each grant, and one for all codes: approvals of years may be named.
		if after, err := b.RevocationLog.Cursor(t.Context()); err != nil || after != before+int64(want)+1 {
			t.Errorf("the %d. time wrote %d entries of the log, %v", i+1, after-before, err)
		}
	}
	for _, i := range []issued{john, esther} {
		if b.live(t, i.access) || b.current(t, i.refresh) {
			t.Error("a token outlives the end of its client in the workspace")
		}
	}
	if !b.live(t, elsewhere.access) || !b.live(t, other.access) {
		t.Error("a token of another workspace or another client ended too")
	}
	pending := codeOf("usr_ada", document, "ws_acme", "videos:read")
	if err := b.redeem(t.Context(), fresh(), pending); err == nil {
		t.Error("a code of a user without a grant, who was named, can be redeemed")
	}
	b.wantClients(t, map[string]int64{"app": 1})
}

// longAccess opens the same database again with its clock moved.
func longAccess(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		now, held := open(t, reopen(0)), fresh()
		lives := lifetimes()
		lives.Refresh = time.Minute
		if _, err := now.GetPairEpoch(t.Context(), "usr_john", "app"); err != nil {
			t.Fatal(err)
		}
		err := now.Redeem(t.Context(), grant.Redemption{
			CodeHash: held.code, Code: codeOf("usr_john", "app", "ws_acme", "videos:read"), Access: held.access, Refresh: held.refresh, Lifetimes: lives,
		})
		if err != nil {
			t.Fatal(err)
		}
		later := open(t, reopen(59*time.Minute))
		if !later.live(t, held.access) || later.current(t, held.refresh) {
			t.Fatal("the access token does not outlive the refresh token")
		}
		later.wantClients(t, map[string]int64{"app": 1})
		if users, err := later.EndClientInWorkspace(t.Context(), "app", "ws_acme", nil); err != nil || users != 1 {
			t.Errorf("%d users ended, %v", users, err)
		}
		if later.live(t, held.access) {
			t.Error("the access token outlives the end of its client in the workspace")
		}
	})
}

func policyVersions(t *testing.T, b bench) {
	pair := oauth.UserClient{UserID: "usr_john", ClientID: "app"}
	want := func(versions map[string]int64) {
		t.Helper()
		_, got, err := b.Store.GetPairEpoch(t.Context(), pair, []string{"ws_acme", `ws_"o=dd`})
		state, err2 := b.Store.GetPairGrants(t.Context(), pair, []string{"ws_acme", `ws_"o=dd`})
		if diff := cmp.Diff(versions, got) + cmp.Diff(versions, state.PolicyVersions); diff != "" || err != nil || err2 != nil {
			t.Errorf("%v, %v (-want +got)\n%s", err, err2, diff)
		}
	}
	want(map[string]int64{})
	for _, workspace := range []string{"ws_acme", `ws_"o=dd`, "ws_acme", "ws_doe"} {
		if err := b.RaisePolicyVersion(t.Context(), workspace); err != nil {
			t.Fatal(err)
		}
	}
	b.mustRedeem(t, code("app", "ws_acme", 0))
	want(map[string]int64{"ws_acme": 2, `ws_"o=dd`: 1})
}

// onlyStored: the form of a consent page may name any client, and each would leave a row for ever.
func onlyStored(t *testing.T, b bench) {
	pair := oauth.UserClient{UserID: "usr_john", ClientID: "app"}
	for range 2 { // the first call stores nothing that the second finds
		if _, _, err := b.StoredPairEpoch(t.Context(), pair, []string{"ws_acme"}); !errors.Is(err, grant.ErrNotStored) {
			t.Fatalf("before a page was shown: %v", err)
		}
	}
	shown, _, err := b.Store.GetPairEpoch(t.Context(), pair, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.EndConnection(t.Context(), pair.UserID, pair.ClientID); err != nil {
		t.Fatal(err)
	}
	if err := b.RaisePolicyVersion(t.Context(), "ws_acme"); err != nil {
		t.Fatal(err)
	}
	epoch, versions, err := b.StoredPairEpoch(t.Context(), pair, []string{"ws_acme"})
	if err != nil || epoch <= shown || versions["ws_acme"] != 1 {
		t.Errorf("after a revocation: epoch %d (%d before), versions %v, %v", epoch, shown, versions, err)
	}
}
