package connectedapp_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
)

// TestN5_8_AChangedAppIsListedAsChanged: compared with its newest grant.
func TestN5_8_AChangedAppIsListedAsChanged(t *testing.T) {
	w := newWorld()
	w.approve("app_1", "ws_acme", 0, "videos:read")
	was, is := oauth.Description{Name: "Zebra", Hosts: []string{"a.example"}}, oauth.Description{Name: "Zebra", Hosts: []string{"b.example"}}
	w.connections["app_1"] = oauth.Connection{ClientID: "app_1", DescriptionDigest: was.Digest()}
	for _, c := range []struct {
		digest string
		want   []oauth.DescriptionChange
	}{{was.Digest(), nil}, {is.Digest(), []oauth.DescriptionChange{oauth.HostsChanged}}, {"", nil}} {
		w.digests = map[string]string{"app_1": c.digest}
		if got := list(t, w)[0].Changes; !slices.Equal(got, c.want) {
			t.Errorf("changes %v, want %v", got, c.want)
		}
	}
}

func TestAnAppHasTheTimeOfItsFirstApproval(t *testing.T) {
	w := newWorld()
	w.approve("app_1", "ws_acme", 0, "videos:read")
	w.approve("app_1", "ws_zoo", 0, "videos:read")
	w.approvals[1].First = minute(-5) // approved again since
	if app := list(t, w)[0]; !app.FirstApprovedAt.Equal(minute(-5)) || !app.ApprovedAt.Equal(minute(1)) {
		t.Errorf("first approved at %s, last at %s", app.FirstApprovedAt, app.ApprovedAt)
	}
}

func TestN5_11_InstallationsOfASharedAppAreListedAndEnded(t *testing.T) {
	w := newWorld()
	w.approve("app_1", "ws_acme", 0, "videos:read")
	w.approve("app_2", "ws_acme", 0, "videos:read")
	w.fail["ListInstallations"] = errors.New("must not be asked")
	list(t, w)
	delete(w.fail, "ListInstallations")
	w.installations = []oauth.Installation{
		{ID: "a", ClientID: "app_1", WorkspaceID: "ws_acme", CreatedAt: minute(3), LastUsed: minute(4)}, {ID: "b", ClientID: "app_1", WorkspaceID: "ws_gone"},
	}
	apps := list(t, w)
	want := []connectedapp.Installation{{ID: "a", WorkspaceName: "Acme", CreatedAt: minute(3), LastUsed: minute(4)}, {ID: "b", WorkspaceName: "ws_gone"}}
	if apps[1].ClientID != "app_1" || !slices.Equal(apps[1].Installations, want) || apps[0].Installations != nil {
		t.Errorf("apps %+v", apps)
	}
	end := func(session, clientID string) error {
		return w.service().EndInstallation(t.Context(), secret.New(session), clientID, "a")
	}
	if err := end("john", "app_1"); err != nil || !slices.Equal(w.ended, []string{"usr_john app_1 a"}) || len(w.approvals) != 2 {
		t.Errorf("%v, ended %q with %d approvals left", err, w.ended, len(w.approvals))
	}
	for _, c := range []struct {
		session, client string
		want            error
	}{{"nobody", "app_1", errSignedOut}, {"john", "", connectedapp.ErrClientMissing}, {"john", "app_3", connectedapp.ErrNotConnected}} {
		if err := end(c.session, c.client); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	w.fail["ListInstallations"] = errDown
	if _, err := w.service().List(t.Context(), secret.New("john")); !errors.Is(err, errDown) {
		t.Errorf("List: %v, want the failure", err)
	}
}
