package connectedapp_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
)

func TestDisconnectingOneWorkspaceLeavesTheOthers(t *testing.T) {
	w := connected()
	w.atEnd = func() { w.approve("app_1", "ws_zoo", 1, "videos:read") } // approved right after the end
	for range 2 {
		if err := w.service().DisconnectIn(t.Context(), secret.New("john"), "app_1", "ws_acme"); err != nil {
			t.Fatalf("DisconnectIn: %v", err)
		}
	}
	apps, err := w.service().List(t.Context(), secret.New("john"))
	if err != nil || len(apps) != 2 || len(apps[1].Workspaces) != 1 || apps[1].Workspaces[0].ID != "ws_zoo" {
		t.Errorf("the apps are %+v, %v", apps, err)
	}
}

func TestDisconnectingAWorkspaceThatCannotBePrunedIsAFailure(t *testing.T) {
	for _, call := range []string{"EndConnection", "GetPairEpoch", "Prune", "WorkspaceNames"} {
		w := connected()
		w.fail[call] = errDown
		if err := w.service().DisconnectIn(t.Context(), secret.New("john"), "app_1", "ws_acme"); !errors.Is(err, errDown) {
			t.Errorf("%s: %v, want the failure", call, err)
		}
	}
}

func TestDisconnectingAWorkspaceNeedsAConnection(t *testing.T) {
	w := connected()
	w.approve("app_1", "ws_left", 0, "videos:read") // the user is not a member any more
	for _, row := range []struct {
		session, client, workspace string
		want                       error
	}{
		{"nobody", "app_1", "ws_acme", errSignedOut},
		{"john", "", "ws_acme", connectedapp.ErrClientMissing},
		{"john", "app_3", "ws_acme", connectedapp.ErrNotConnected},
		{"john", "app_1", "ws_made_up", connectedapp.ErrNotConnected},
		{"john", "app_1", "ws_left", nil},
	} {
		if err := w.service().DisconnectIn(t.Context(), secret.New(row.session), row.client, row.workspace); !errors.Is(err, row.want) {
			t.Errorf("%s, %q, %s: %v, want %v", row.session, row.client, row.workspace, err, row.want)
		}
	}
}

func TestEventsAreTheLatestOfEachKind(t *testing.T) {
	w := connected()
	w.approve("app_1", "ws_acme", 0, "videos:read", "videos:write")
	w.revocations = []connectedapp.Revocation{
		{Kind: connectedapp.Reused, ClientID: "app_gone", At: minute(9)},
		{Kind: connectedapp.Disconnected, ClientID: "app_1", WorkspaceID: "ws_zoo", At: minute(8)},
		{Kind: connectedapp.Revoked, At: minute(7)},
	}
	got, err := w.service().Events(t.Context(), secret.New("john"))
	if err != nil {
		t.Fatal(err)
	}
	want := []connectedapp.Event{
		{Kind: connectedapp.Reused, ClientID: "app_gone", ClientName: "app_gone", At: minute(9)},
		{Kind: connectedapp.Disconnected, ClientID: "app_1", ClientName: "Zebra", WorkspaceName: "Zoo", At: minute(8)},
		{Kind: connectedapp.Revoked, At: minute(7)},
		{Kind: connectedapp.Approved, ClientID: "app_1", ClientName: "Zebra", WorkspaceName: "Acme", At: minute(3)},
		{Kind: connectedapp.Approved, ClientID: "app_2", ClientName: "apple", WorkspaceName: "Acme", At: minute(2)},
		{Kind: connectedapp.Approved, ClientID: "app_1", ClientName: "Zebra", WorkspaceName: "Zoo", At: minute(1)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the events (-want +got)\n%s", diff)
	}
	for _, call := range []string{"Approvals", "ListRevocations", "WorkspaceNames", "ClientNames"} {
		w.fail[call] = errDown
		if _, err := w.service().Events(t.Context(), secret.New("john")); !errors.Is(err, errDown) {
			t.Errorf("%s: %v, want the failure", call, err)
		}
		delete(w.fail, call)
	}
}
