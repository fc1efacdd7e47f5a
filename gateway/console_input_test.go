package gateway_test

import (
	"encoding/csv"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// playing returns a browser with a run of the playground that has a code, and the form for its next step.
func playing(t *testing.T) (browser, url.Values) {
	t.Helper()
	p := withConsole(t)
	const path = appPages + "/playground"
	form := url.Values{"csrf_token": {csrf(t, p.get(path))}, "do": {"start"}, "scope": {"videos:read"}}
	location, err := url.Parse(p.post(path, form).Header().Get("Location"))
	if err != nil || location.Query().Get("state") == "" {
		t.Fatalf("the run begins at %s, %v", location, err)
	}
	wantRedirect(t, "the callback", p.get("/developers/playground/callback?code=sentinel&state="+location.Query().Get("state")), path)
	return p, url.Values{"csrf_token": form["csrf_token"], "do": {"exchange"}, "client_secret": {"x"}}
}

// TestAResponseThatIsCutIsShownAsCut, and the playground reads nothing out of it.
func TestAResponseThatIsCutIsShownAsCut(t *testing.T) {
	const path, note = appPages + "/playground", "the whole response is longer."
	for name, row := range map[string]struct {
		length    int
		cut, goes bool
	}{
		"short": {10, false, true}, "longer than is shown": {5 << 10, true, true}, "longer than is read": {70 << 10, true, false},
	} {
		p, form := playing(t)
		p.respond("IssueToken", &tokenv1.IssueTokenResponse{AccessToken: "vdo_oat_x", TokenType: "Bearer", RefreshToken: "vdo_ort_x", Scope: strings.Repeat("é", row.length/2)}, nil)
		wantRedirect(t, name, p.post(path, form), path)
		body := p.get(path).Body.String()
		if cut := strings.Contains(body, note) && strings.Contains(body, "…</code>"); cut != row.cut {
			t.Errorf("%s: shown as cut: %v", name, cut)
		}
		if goes := strings.Contains(body, `value="call"`); goes != row.goes {
			t.Errorf("%s: has the next step: %v", name, goes)
		}
		if strings.Contains(body, "\ufffd") {
			t.Errorf("%s: a character is cut", name)
		}
	}
}

// TestTheKeysOfAnAddressAreReadOnce by the button Test, and an error is the page's.
func TestTheKeysOfAnAddressAreReadOnce(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/credentials"
	answer, _ := p.services["GetApp"](nil)
	res, _ := answer.(*authzv1.GetAppResponse)
	res.App.Registration.TokenEndpointAuthMethod, res.App.Registration.JwksUri = "private_key_jwt", "https://app.test/jwks.json"
	reads, failure := 0, error(nil)
	p.services["TestAppKeys"] = func(proto.Message) (proto.Message, error) {
		reads++
		return &authzv1.TestAppKeysResponse{Keys: []*authzv1.ClientKey{{Kid: "key-one", Kty: "EC"}}}, failure
	}
	form := url.Values{"csrf_token": {csrf(t, p.get(path))}, "do": {"test-keys"}}
	wantRedirect(t, "the test", p.post(path, form), path)
	wantPage(t, "the test", p.get(path), 200, "The keys were read.", "key-one")
	if p.get(path); reads != 1 {
		t.Errorf("the keys are read %d times", reads)
	}
	for text, err := range map[string]error{
		"The keys at this address cannot be used.": oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "is no JSON", oerr.WithField("jwks_uri")),
		"The keys could not be read.":              oerr.Unavailable(nil),
	} {
		failure = err
		wantRedirect(t, text, p.post(path, form), path)
		w := p.get(path)
		wantPage(t, text, w, 200, text, "<title>Error")
		if strings.Contains(w.Body.String(), "The keys were read.") {
			t.Errorf("%s: the page says that the keys were read", text)
		}
	}
}

// TestADownloadHasEveryEvent, part by part, and one that ends early is no whole file.
func TestADownloadHasEveryEvent(t *testing.T) {
	p := withConsole(t)
	const parts = 25
	parted := func(last int) func(proto.Message) (proto.Message, error) {
		return func(req proto.Message) (proto.Message, error) {
			asked, _ := req.(*activityv1.ListEventsRequest)
			number := 0
			if token := asked.GetPageToken(); token != "" {
				_, _ = fmt.Sscan(token, &number)
			}
			if number > last {
				return nil, oerr.Unavailable(nil)
			}
			page := &activityv1.ListEventsResponse{}
			for range asked.GetPageSize() {
				page.Events = append(page.Events, &eventv1.Event{Kind: "client.updated", EventTime: timestamppb.Now()})
			}
			if number+1 < parts {
				page.NextPageToken = fmt.Sprint(number + 1)
			}
			return page, nil
		}
	}
	p.services["ListEvents"] = parted(parts)
	rows, err := csv.NewReader(p.get(workspacePages + "/activity/csv").Body).ReadAll()
	if err != nil || len(rows) != parts*1000+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	p.services["ListEvents"] = parted(3)
	defer func() {
		if recover() == nil {
			t.Error("the response ends as if it were whole")
		}
	}()
	p.get(workspacePages + "/activity/csv")
}

// TestTheActivityOfAWorkspaceIsSentences, in the language of the reader, with the names of people and clients.
func TestTheActivityOfAWorkspaceIsSentences(t *testing.T) {
	p := withConsole(t)
	john := &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_USER, Id: "user_1"}
	p.respond("ListWorkspaceMembers", &identityv1.ListWorkspaceMembersResponse{Members: []*identityv1.WorkspaceMember{
		{UserId: "user_1", DisplayName: "John Doe"}, {UserId: "user_2", DisplayName: "<b>Esther</b>"},
	}}, nil)
	p.respond("ListEvents", &activityv1.ListEventsResponse{ClientNames: map[string]string{"c1": "Example"}, Events: []*eventv1.Event{
		{Kind: "grant.workspace_ended", Actor: john, UserId: "user_2", ClientId: "c1", EventTime: timestamppb.Now()},
		{Kind: "member.added", Actor: &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_OPERATOR}, UserId: "user_3", EventTime: timestamppb.Now()},
		{Kind: "of.tomorrow", Actor: &eventv1.Actor{Kind: eventv1.ActorKind_ACTOR_KIND_SERVICE, Id: "token"}, EventTime: timestamppb.Now()},
	}}, nil)
	wantPage(t, "the activity", p.get(workspacePages+"/activity"), 200,
		"An administrator disconnected <bdi>Example</bdi>", "<bdi>John Doe</bdi> ·", "for <bdi>&lt;b&gt;Esther&lt;/b&gt;</bdi>",
		"<bdi>user_3</bdi> became a member", "The operator ·", "Something happened: <bdi>of.tomorrow</bdi>",
	)
	german := httptest.NewRequest("GET", "https://login.test"+workspacePages+"/activity", nil)
	german.Header.Set("Accept-Language", "de")
	wantPage(t, "in German", p.send(german), 200, "Ein Administrator hat <bdi>Example</bdi> getrennt", "<bdi>user_3</bdi> ist jetzt Mitglied")
	p.respond("ListWorkspaceMembers", nil, oerr.Unavailable(nil))
	wantPage(t, "without the names", p.get(workspacePages+"/activity"), 200, "<bdi>user_1</bdi> ·")
}
