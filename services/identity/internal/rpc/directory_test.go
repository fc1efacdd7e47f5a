package rpc_test

import (
	"testing"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

func list(t *testing.T, d *bench, userID string) []*identityv1.Workspace {
	t.Helper()
	res, err := d.ListWorkspaces(t.Context(), &identityv1.ListWorkspacesRequest{UserId: userID})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetWorkspaces()
}

func membership(t *testing.T, d *bench, userID, workspaceID string) (*identityv1.Workspace, error) {
	t.Helper()
	res, err := d.GetMembership(t.Context(), &identityv1.GetMembershipRequest{UserId: userID, WorkspaceId: workspaceID})
	return res.GetWorkspace(), err
}

func TestAUsersWorkspacesAreListedByName(t *testing.T) {
	d := open(t)
	got := list(t, d, "usr_john")
	if len(got) != 2 || got[0].GetName() != "Acme Studio" || got[1].GetName() != "Doe Family" || got[1].GetPlan() != "free" {
		t.Errorf("John belongs to %v", got)
	}
	d.store.Disable(t, "usr_john")
	for _, userID := range []string{"usr_john", "usr_nobody", "usr\x00"} {
		if got := list(t, d, userID); len(got) != 0 {
			t.Errorf("%q belongs to %v", userID, got)
		}
	}
}

func TestAMembershipIsOfThisMoment(t *testing.T) {
	d := open(t)
	w, err := membership(t, d, "usr_esther", "ws_acme")
	if err != nil || w.GetName() != "Acme Studio" || w.GetPlan() != "pro" || w.GetRole() != identityv1.Role_ROLE_MEMBER {
		t.Errorf("Esther's membership is %v, %v", w, err)
	}
	if w, err := membership(t, d, "usr_john", "ws_doe"); err != nil || w.GetRole() != identityv1.Role_ROLE_ADMINISTRATOR {
		t.Errorf("John's membership is %v, %v", w, err)
	}
	d.store.Disable(t, "usr_john")
	for _, pair := range [][2]string{
		{"usr_esther", "ws_doe"}, {"usr_esther", "ws_nope"}, {"usr_esther", "ws\x00"}, {"usr_nobody", "ws_acme"}, {"usr_john", "ws_acme"},
	} {
		_, err := membership(t, d, pair[0], pair[1])
		wantReason(t, pair[0]+" in "+pair[1], err, errorv1.Reason_REASON_NOT_FOUND)
	}
}

// TestOIDCCore_5_1_TheClaimsHaveWhatTheUserChose for pages, and nothing before.
func TestOIDCCore_5_1_TheClaimsHaveWhatTheUserChose(t *testing.T) {
	d := open(t)
	john := func() *identityv1.GetUserResponse {
		t.Helper()
		res, err := d.GetUser(t.Context(), &identityv1.GetUserRequest{UserId: "usr_john"})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	if u := john(); u.GetLanguage() != "" || u.GetTimeZone() != "" {
		t.Errorf("nothing was chosen, and the user is %v", u)
	}
	chosen := &identityv1.Profile{FirstName: "John", LastName: "Doe", DisplayName: "John", Language: "de-AT", TimeZone: "Europe/Vienna"}
	if _, err := d.UpdateProfile(t.Context(), &identityv1.UpdateProfileRequest{SessionToken: d.signIn(t, ""), Profile: chosen}); err != nil {
		t.Fatal(err)
	}
	if u := john(); u.GetLanguage() != "de-AT" || u.GetTimeZone() != "Europe/Vienna" {
		t.Errorf("the user is %v", u)
	}
}

func TestAMissingIdentifierIsNamed(t *testing.T) {
	d := open(t)
	_, of := d.ListWorkspaces(t.Context(), &identityv1.ListWorkspacesRequest{})
	_, who := membership(t, d, "", "ws_acme")
	_, where := membership(t, d, "usr_john", "")
	for i, want := range []string{"user_id", "user_id", "workspace_id"} {
		err := []error{of, who, where}[i]
		wantReason(t, want, err, errorv1.Reason_REASON_INVALID_REQUEST)
		if oerr.Field(err) != want {
			t.Errorf("the field is %q, want %q", oerr.Field(err), want)
		}
	}
}

func TestADirectoryThatIsDownIsUnavailable(t *testing.T) {
	d := open(t)
	d.store.Fail(sqldb.ErrUnavailable, sqldb.ErrUnavailable)
	_, err := d.ListWorkspaces(t.Context(), &identityv1.ListWorkspacesRequest{UserId: "usr_john"})
	wantReason(t, "ListWorkspaces", err, errorv1.Reason_REASON_UNAVAILABLE)
	_, err = membership(t, d, "usr_john", "ws_acme")
	wantReason(t, "GetMembership", err, errorv1.Reason_REASON_UNAVAILABLE)
}
