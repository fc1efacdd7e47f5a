package gateway_test

import (
	"strings"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// TestNobodyIsSentToAnAdministratorForARole, which the operator alone can give.
func TestNobodyIsSentToAnAdministratorForARole(t *testing.T) {
	p := withConsole(t)
	session := &identityv1.Session{UserId: "user_2", DisplayName: "Esther"}
	p.respond("ListApps", &authzv1.ListAppsResponse{Session: session}, nil)
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: session}, nil)
	for _, path := range []string{"/developers", "/developers/apps/new", "/workspaces"} {
		w := p.get(path)
		wantPage(t, path, w, 200, "The people who run this service can give you the role.")
		if strings.Contains(w.Body.String(), "An administrator of your workspace") {
			t.Errorf("%s sends to an administrator", path)
		}
	}
}
