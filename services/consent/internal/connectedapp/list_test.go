package connectedapp_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
)

func list(t *testing.T, w *world) []connectedapp.App {
	t.Helper()
	apps, err := w.service().List(t.Context(), secret.New("john"))
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return apps
}

func wantApps(t *testing.T, w *world, ids ...string) {
	t.Helper()
	var got []string
	for _, app := range list(t, w) {
		got = append(got, app.ClientID)
	}
	if diff := cmp.Diff(ids, got); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
}

func TestAnAppIsOneRowWithItsWorkspacesAndTheUnionOfScopes(t *testing.T) {
	w := newWorld()
	w.approve("app_1", "ws_zoo", 0, "export:write")
	w.approve("app_1", "ws_acme", 0, "export:write", "gone:b", "videos:read")
	w.approve("app_1", "ws_acme", 0, "gone:a", "videos:write", "videos:read")
	w.connections["app_1"] = oauth.Connection{ClientID: "app_1", LastUsed: minute(9)}
	want := []connectedapp.App{{
		ClientID: "app_1", Name: "Zebra", Identity: &oauth.AppIdentity{Publisher: "Publisher of Zebra"}, FirstApprovedAt: minute(0), ApprovedAt: minute(2), LastUsed: minute(9),
		Workspaces: []connectedapp.Workspace{
			{ID: "ws_acme", Name: "Acme", Scope: oauth.Scope{"videos:read", "videos:write", "export:write", "gone:b", "gone:a"}},
			{ID: "ws_zoo", Name: "Zoo", Scope: oauth.Scope{"export:write"}},
		},
	}}
	if diff := cmp.Diff(want, list(t, w)); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
}

func TestAppsAreListedByName(t *testing.T) {
	w := newWorld()
	w.clients["app_4"] = "Mango"
	for _, id := range []string{"app_1", "app_4", "app_2", "app_3"} {
		w.approve(id, "ws_acme", 0, "videos:read")
	}
	wantApps(t, w, "app_2", "app_3", "app_4", "app_1")
}

func TestAnApprovedAppWhoseCodeWasNeverRedeemedIsListed(t *testing.T) {
	w := newWorld()
	w.approve("app_1", "ws_acme", 0, "videos:read")
	apps := list(t, w)
	if len(apps) != 1 || !apps[0].LastUsed.IsZero() {
		t.Errorf("got %+v, want one app that was never used", apps)
	}
}

func TestAnApprovalOutlivesARaiseThatSpoiledCodesAlone(t *testing.T) {
	w := newWorld()
	w.approve("app_1", "ws_acme", 1, "videos:read")
	w.approve("app_2", "ws_acme", 0, "videos:read")
	w.approve("app_3", "ws_acme", 4, "videos:read")
	for _, id := range []string{"app_1", "app_2", "app_3"} {
		w.connections[id] = oauth.Connection{ClientID: id, Epoch: 3, Lenient: 2}
	}
	wantApps(t, w, "app_1")
}

func TestOnlyConsentsOfTheCurrentEpochCount(t *testing.T) {
	w := newWorld()
	w.approve("app_1", "ws_acme", 0, "videos:read")
	w.approve("app_1", "ws_zoo", 1, "export:write")
	w.approve("app_2", "ws_acme", 0, "videos:read")
	w.approve("app_3", "ws_acme", 1, "videos:read") // the token service does not have the user-client: its epoch is 0
	w.connections["app_1"] = oauth.Connection{ClientID: "app_1", Epoch: 1}
	w.connections["app_2"] = oauth.Connection{ClientID: "app_2", Epoch: 2}
	wantApps(t, w, "app_1")
	if got := list(t, w)[0].Workspaces; len(got) != 1 || got[0].ID != "ws_zoo" || len(got[0].Scope) != 1 {
		t.Errorf("workspaces %+v, want ws_zoo alone", got)
	}
}

func TestAConnectionWithoutAConsentIsNotListed(t *testing.T) {
	w := newWorld()
	w.connections["app_1"] = oauth.Connection{ClientID: "app_1", LastUsed: minute(1)}
	w.fail["DescribeClients"] = errors.New("must not be asked about no app")
	wantApps(t, w)
}

func TestWhatHasNoNameIsShownByItsIdentifier(t *testing.T) {
	w := newWorld()
	w.approve("app_gone", "ws_left", 0, "videos:read")
	app := list(t, w)[0]
	if app.Name != "app_gone" || app.Workspaces[0].Name != "ws_left" {
		t.Errorf("the app is called %q and the workspace %q", app.Name, app.Workspaces[0].Name)
	}
}

func TestAListThatIsNotWholeIsAFailure(t *testing.T) {
	for _, call := range []string{"UserID", "WorkspaceNames", "DescribeClients", "ListConnections", "Approvals"} {
		w := newWorld()
		w.approve("app_1", "ws_acme", 0, "videos:read")
		w.fail[call] = errDown
		if apps, err := w.service().List(t.Context(), secret.New("john")); !errors.Is(err, errDown) || apps != nil {
			t.Errorf("List while %s fails: %v and %d apps, want its failure", call, err, len(apps))
		}
	}
}

func TestListingNeedsASession(t *testing.T) {
	if _, err := newWorld().service().List(t.Context(), secret.New("")); !errors.Is(err, errSignedOut) {
		t.Errorf("List: %v, want that the session is required", err)
	}
}
