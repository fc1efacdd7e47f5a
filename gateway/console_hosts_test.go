package gateway_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// TestAReviewSaysWhatItKeepsFromChanging before it is asked for, and where it would be changed.
func TestAReviewSaysWhatItKeepsFromChanging(t *testing.T) {
	const kept, open = "While it waits you cannot change its name, its publisher, its home page or its logo", "makes a verified app unverified"
	for name, row := range map[string]struct {
		submitted     *timestamppb.Timestamp
		status, about []string
		hidden        string
	}{
		"a draft": {nil, []string{kept, "<h3>Still missing</h3>", `href="/developers/apps/vdo_client_1/about">About the app</a></p></div>`, "Submit for review"}, []string{open}, "The app waits for its review."},
		"waiting": {timestamppb.Now(), []string{kept, ">Withdraw</button>"}, []string{"The app waits for its review.", `<a href="/developers/apps/vdo_client_1/status">Withdraw it</a>`}, open},
	} {
		p := withConsole(t)
		answer, _ := p.services["GetApp"](nil)
		res, _ := answer.(*authzv1.GetAppResponse)
		r := res.GetApp().GetRegistration()
		r.Status, r.Unverified, r.SubmitTime = authzv1.ClientStatus_CLIENT_STATUS_DRAFT, true, row.submitted
		if row.submitted != nil {
			r.Status = authzv1.ClientStatus_CLIENT_STATUS_SUBMITTED
		}
		wantPage(t, name, p.get(appPages+"/status"), 200, row.status...)
		about := p.get(appPages + "/about")
		wantPage(t, name, about, 200, row.about...)
		wantNotIn(t, name, about.Body.String(), row.hidden)
	}
}

// TestThePagesOfAnAppSayWhatAChangeMeans: the workspace of a client stays, and a new logo makes it unverified.
func TestThePagesOfAnAppSayWhatAChangeMeans(t *testing.T) {
	p := withConsole(t)
	wantPage(t, "a new app", p.get("/developers/apps/new"), 200, "You can change everything later except where it runs and which workspace owns it.",
		"It needs a name, a permission and, if people come back to it, a redirect address.")
	wantPage(t, "an app", p.get(appPages+"/about"), 200, "A new name, publisher, home page or logo makes a verified app unverified until it is reviewed again.")
}

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
