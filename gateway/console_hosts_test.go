package gateway_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// TestThePageOfAddressesSaysWhatANewHostMeans before an address is added, where it means anything.
func TestThePageOfAddressesSaysWhatANewHostMeans(t *testing.T) {
	const unverifies, refused = "makes the app unverified until it is reviewed again", "you cannot add an address with a host that no other one has"
	for name, c := range map[string]struct {
		registration  *authzv1.Registration
		shows, hidden []string
	}{
		"verified": {&authzv1.Registration{Status: authzv1.ClientStatus_CLIENT_STATUS_LIVE}, []string{unverifies}, []string{refused}},
		"waiting":  {&authzv1.Registration{Unverified: true, SubmitTime: timestamppb.Now()}, []string{refused}, []string{unverifies}},
		"a draft":  {&authzv1.Registration{Unverified: true, Status: authzv1.ClientStatus_CLIENT_STATUS_DRAFT}, nil, []string{refused, unverifies}},
	} {
		p := withConsole(t)
		c.registration.Client = &authzv1.Client{ClientId: "vdo_client_1", Name: "Example"}
		c.registration.RedirectUris = []string{"https://app.test/callback"}
		p.respond("GetApp", &authzv1.GetAppResponse{
			Session: &identityv1.Session{UserId: "user_1"}, App: &authzv1.OwnedClient{Workspace: &identityv1.Workspace{WorkspaceId: "ws_1"}, Registration: c.registration},
		}, nil)
		w := p.get(appPages + "/addresses")
		wantPage(t, name, w, 200, c.shows...)
		body := w.Body.String()
		for _, text := range c.hidden {
			if strings.Contains(body, text) {
				t.Errorf("%s: the page says %q", name, text)
			}
		}
	}
}
