package gateway_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
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

// TestTheLogSaysTheDayAndTheZone: the log is kept for days, and its readers are in different zones.
func TestTheLogSaysTheDayAndTheZone(t *testing.T) {
	p := withConsole(t)
	app := &authzv1.OwnedClient{Registration: &authzv1.Registration{Client: &authzv1.Client{ClientId: "vdo_client_1", Name: "Example"}}}
	p.respond("GetApp", &authzv1.GetAppResponse{Session: &identityv1.Session{UserId: "user_1", TimeZone: "Asia/Kolkata"}, App: app}, nil)
	zone := time.FixedZone("IST", 5*60*60+30*60)
	now := time.Now().In(zone)
	before := now.Add(-48 * time.Hour)
	row := func(at time.Time) *activityv1.LoggedRequest {
		return &activityv1.LoggedRequest{
			Kind:  &activityv1.RequestKind{Endpoint: "/oauth/token", Method: "POST", Status: 400, Cause: errorv1.Cause_CAUSE_SECRET_WRONG},
			Count: 1, FirstTime: timestamppb.New(at), LastTime: timestamppb.New(at), RequestId: "r",
		}
	}
	p.respond("ListRequests", &activityv1.ListRequestsResponse{Requests: []*activityv1.LoggedRequest{row(now), row(before)}}, nil)
	body := p.get(appPages + "/requests").Body.String()
	wantIn(t, "the log", body,
		">"+now.Format("15:04:05")+"</time>", // today
		">"+before.Format("2 January")+"<br>"+before.Format("15:04:05")+"</time>",
		"<dt>Time</dt><dd><time datetime=\""+before.UTC().Format(time.RFC3339)+"\">"+before.Format("2 January 2006, 15:04")+" IST</time>",
	)
	if !regexp.MustCompile(`>[0-9]{2}:30 IST</span>`).MatchString(body) {
		t.Error("the chart has no zone")
	}
}

// TestARefusalIsOneSentence: the words of a service are added where the page's sentence does not say them.
func TestARefusalIsOneSentence(t *testing.T) {
	const raw = "must be what a program expects"
	for name, row := range map[string]struct {
		path, rpc, field string
		form             url.Values
		text             string
		detail           bool
		change           func(*authzv1.OwnedClient)
	}{
		"a name": {path: "/about", rpc: "UpdateApp", field: "name", form: url.Values{"do": {"save"}}, text: "The name has 1 to 100 characters"},
		"a key": {
			path: "/credentials", rpc: "UpdateApp", field: "jwks", form: url.Values{"do": {"set-keys"}, "jwk": {"{}"}}, text: "This key cannot be used.", detail: true,
		},
		"a key that is there": {
			path: "/credentials", rpc: "UpdateApp", field: "kid", form: url.Values{"do": {"set-keys"}, "jwk": {"{}"}}, text: "This key cannot be used.", detail: true,
		},
		"the last address": {
			path: "/addresses", rpc: "RemoveAppRedirectUri", field: "redirect_uris", form: url.Values{"do": {"remove"}, "redirect_uri": {"https://app.test/callback"}},
			text: "This redirect address cannot be registered.", detail: true,
		},
		"an address": {
			path: "/addresses", rpc: "AddAppRedirectUri", field: "redirect_uris", form: url.Values{"do": {"add"}, "redirect_uris": {"https://app.test/?code="}},
			text: "This redirect address cannot be registered.", detail: true,
		},
		"no address": {
			path: "/addresses", rpc: "AddAppRedirectUri", field: "redirect_uris", form: url.Values{"do": {"add"}},
			text: "Write the address that people come back to, such as <bdi>https://yourapp.com/callback</bdi>.",
		},
		"a script": {
			path: "/addresses", rpc: "AddAppRedirectUri", field: "redirect_uris", form: url.Values{"do": {"add"}, "redirect_uris": {"JavaScript:alert(1)"}},
			text: "The address begins with “<bdi>javascript:</bdi>”, which a browser opens by itself and no app receives.",
		},
		"a used address": {
			path: "/addresses", rpc: "RemoveAppRedirectUri", field: "confirm", form: url.Values{"do": {"remove"}, "redirect_uri": {"https://app.test/callback"}},
			text: "People used this address in the last 7 days.",
		},
		"a tester": {
			path: "/team", rpc: "AddAppTester", field: "email_address", form: url.Values{"do": {"add"}, "email_address": {"nobody"}}, text: "That is not an e-mail address.",
		},
		"a tester too many": {
			path: "/team", rpc: "AddAppTester", field: "email_address", form: url.Values{"do": {"add"}, "email_address": {"a@example.com"}},
			text: "There are 20 testers already, which is the most.", change: func(app *authzv1.OwnedClient) { app.Testers = make([]*authzv1.AppTester, 20) },
		},
		"what is reviewed": {
			path: "/about", rpc: "UpdateApp", field: "status", form: url.Values{"do": {"save"}},
			text: `Withdraw it before you change what is reviewed. <a href="/developers/apps/vdo_client_1/status">Withdraw it</a>`,
		},
		"a suspended app": {
			path: "/about", rpc: "UpdateApp", field: "status", form: url.Values{"do": {"save"}},
			text:   `The app is suspended or disabled, so that it cannot be changed or submitted. <a href="/developers/apps/vdo_client_1/status">Status</a>`,
			change: func(app *authzv1.OwnedClient) { app.Registration.Status = authzv1.ClientStatus_CLIENT_STATUS_SUSPENDED },
		},
		"a field of tomorrow": {path: "/about", rpc: "UpdateApp", field: "colour", form: url.Values{"do": {"save"}}, text: "The change was refused.", detail: true},
	} {
		p := withConsole(t)
		answer, _ := p.services["GetApp"](nil)
		if res, _ := answer.(*authzv1.GetAppResponse); row.change != nil {
			row.change(res.GetApp())
		}
		p.respond(row.rpc, nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, raw, oerr.WithField(row.field)))
		row.form.Set("csrf_token", csrf(t, p.get(appPages+row.path)))
		wantRedirect(t, name, p.post(appPages+row.path, row.form), appPages+row.path)
		w := p.get(appPages + row.path)
		wantPage(t, name, w, 200, row.text)
		if got := strings.Contains(w.Body.String(), raw); got != row.detail {
			t.Errorf("%s: the page has the words of the service: %v", name, got)
		}
	}
}
