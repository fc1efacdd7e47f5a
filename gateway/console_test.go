package gateway_test

import (
	"errors"
	"html"
	"maps"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

const (
	appPages       = "/developers/apps/vdo_client_1"
	workspacePages = "/workspaces/ws_1"
)

// withConsole returns a browser of a user who administers a workspace and develops a client in it.
func withConsole(t *testing.T) browser { return withConsoleOf(t, gateway.DefaultConfig()) }

// withConsoleOf is withConsole with a configuration.
func withConsoleOf(t *testing.T, config gateway.Config, change ...func(*gateway.Deps)) browser {
	t.Helper()
	console := func(d *gateway.Deps) { d.Activity, d.APIURL = d.Identity, "https://api.test" }
	p := signedInWith(t, config, append(change, console)...)
	session := &identityv1.Session{UserId: "user_1", DisplayName: "John Doe", EmailAddress: "john@example.com"}
	workspace := &identityv1.Workspace{WorkspaceId: "ws_1", Name: "Acme", Plan: "pro", Role: identityv1.Role_ROLE_ADMINISTRATOR}
	app := &authzv1.OwnedClient{Workspace: workspace, Registration: &authzv1.Registration{
		Client: &authzv1.Client{
			ClientId: "vdo_client_1", Name: "Example", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL,
			GrantTypes: []string{"authorization_code", "refresh_token"},
		},
		RedirectUris: []string{"https://app.test/callback", "https://login.test/developers/playground/callback"}, Scopes: []string{"videos:read"},
		Secrets: []*authzv1.ClientSecret{{SecretId: "s1", LastFour: "abcd"}},
	}}
	all := &identityv1.WorkspaceList{Workspaces: []*identityv1.Workspace{workspace}}
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: session, Workspaces: all}, nil)
	p.respond("GetApp", &authzv1.GetAppResponse{Session: session, App: app}, nil)
	p.respond("ListApps", &authzv1.ListAppsResponse{Session: session, Workspaces: all.GetWorkspaces(), Apps: []*authzv1.OwnedClient{app}}, nil)
	p.respond("ListWorkspaceKeys", &tokenv1.ListWorkspaceKeysResponse{}, nil)
	p.respond("CreateWorkspaceKey", &tokenv1.CreateWorkspaceKeyResponse{Key: "vdo_live_sentinel"}, nil)
	p.respond("ListWorkspaceMembers", &identityv1.ListWorkspaceMembersResponse{}, nil)
	p.respond("GetProfile", &identityv1.GetProfileResponse{Session: session, Profile: &identityv1.Profile{FirstName: "John"}}, nil)
	p.respond("ListSessions", &identityv1.ListSessionsResponse{Session: session}, nil)
	return p
}

// TestTheFirstFormAfterARestartOfTheBrowserIsAccepted: every form of a page has the token of the cookie that
// the page sets, behind the tag of the user in a form whose input is kept.
func TestTheFirstFormAfterARestartOfTheBrowserIsAccepted(t *testing.T) {
	for _, path := range []string{
		"/account", "/account/security", "/account/connected-apps", "/developers/apps/new",
		appPages + "/credentials", appPages + "/team", workspacePages + "/keys",
	} {
		p := withConsole(t)
		delete(p.cookies, "__Host-usher_browser") // the session cookie outlives the browser
		w := p.get(path)
		tokens := csrfField.FindAllStringSubmatch(w.Body.String(), -1)
		untagged := func(token string) string { return token[strings.LastIndex(token, ".")+1:] }
		if len(tokens) < 2 || slices.ContainsFunc(tokens, func(one []string) bool { return untagged(one[1]) != untagged(tokens[0][1]) }) {
			t.Errorf("%s: the forms have the tokens %v", path, tokens)
		}
		p.post(path, url.Values{"csrf_token": {csrf(t, w)}})
		if body := p.get(path).Body.String(); strings.Contains(body, "This page was open for too long") {
			t.Errorf("%s: the first form is refused", path)
		}
	}
}

// TestANewKeyIsShownOnceThePageCanBeShown, and only once.
func TestANewKeyIsShownOnceThePageCanBeShown(t *testing.T) {
	p := withConsole(t)
	const path = workspacePages + "/keys"
	wantRedirect(t, "creating a key", p.post(path, url.Values{"csrf_token": {csrf(t, p.get(path))}, "do": {"create"}, "name": {"Key"}}), path)
	p.respond("ListWorkspaceKeys", nil, oerr.Unavailable(nil))
	wantPage(t, "in an outage", p.get(path), 503, "We cannot answer right now.")
	p.respond("ListWorkspaceKeys", &tokenv1.ListWorkspaceKeysResponse{}, nil)
	wantPage(t, "after it", p.get(path), 200, "vdo_live_sentinel", "The API key <bdi>Key</bdi> is created.")
	if body := p.get(path).Body.String(); strings.Contains(body, "vdo_live_sentinel") {
		t.Error("the key is shown twice")
	}
}

// TestASecondClickDoesNotLoseTheSecret: it is refused, and the page shows what the first one created. The
// browser sends the second form before it has the first response, or after.
func TestASecondClickDoesNotLoseTheSecret(t *testing.T) {
	for path, row := range map[string]struct {
		form    url.Values
		method  string
		created proto.Message
		refused errorv1.Reason
		shows   []string
	}{
		workspacePages + "/keys": {
			url.Values{"do": {"rotate"}, "key_id": {"k1"}, "overlap": {"0"}},
			"RotateWorkspaceKey", &tokenv1.RotateWorkspaceKeyResponse{Key: "vdo_live_sentinel"},
			errorv1.Reason_REASON_NOT_FOUND,
			[]string{"vdo_live_sentinel", "The API key is replaced."},
		},
		appPages + "/credentials": {
			url.Values{"do": {"new-secret"}, "newest": {"s1"}, "overlap": {"0"}},
			"CreateAppSecret", &authzv1.CreateAppSecretResponse{ClientSecret: "vdo_secret_sentinel"},
			errorv1.Reason_REASON_CONFLICT,
			[]string{"vdo_secret_sentinel", "The secret is created."},
		},
	} {
		for _, early := range []bool{true, false} {
			p := withConsole(t)
			row.form.Set("csrf_token", csrf(t, p.get(path)))
			before := maps.Clone(p.cookies)
			p.respond(row.method, row.created, nil)
			wantRedirect(t, path, p.post(path, row.form), path)
			p.respond(row.method, nil, oerr.New(row.refused, "x", oerr.WithField("newest_secret_id")))
			first := maps.Clone(p.cookies)
			if early {
				clear(p.cookies)
				maps.Copy(p.cookies, before)
			}
			wantRedirect(t, path+", again", p.post(path, row.form), path)
			if early {
				maps.Copy(first, p.cookies)
				maps.Copy(p.cookies, first)
			}
			w := p.get(path)
			wantPage(t, path, w, 200, row.shows...)
			if again := p.get(path).Body.String(); strings.Contains(again, "sentinel") || strings.Contains(again, `role="alert"`) {
				t.Errorf("%s: a flash is shown twice", path)
			}
		}
	}
}

// TestAnAppWithoutPermissionsIsRefused: nothing is saved, and what was chosen stays on the page.
func TestAnAppWithoutPermissionsIsRefused(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/permissions"
	p.services["UpdateApp"] = func(proto.Message) (proto.Message, error) {
		t.Error("the app is changed")
		return &authzv1.UpdateAppResponse{}, nil
	}
	form := url.Values{"csrf_token": {csrf(t, p.get(path))}, "use.videos:read": {""}, "use.jobs:read": {""}}
	wantRedirect(t, "without a permission", p.post(path, form), path)
	w := p.get(path)
	wantPage(t, "without a permission", w, 200, "Choose at least one permission.", `href="#scopes"`, `id="scopes"`)
	if strings.Contains(w.Body.String(), "selected") {
		t.Error("the page shows what is stored and not what was chosen")
	}
}

// TestAPermissionThatIsNotUsedIsMarked, and no other one.
func TestAPermissionThatIsNotUsedIsMarked(t *testing.T) {
	p := withConsole(t)
	answer, _ := p.services["GetApp"](nil)
	res, _ := answer.(*authzv1.GetAppResponse)
	res.App.Registration.Scopes = []string{"videos:read", "jobs:read"}
	const path, mark = appPages + "/permissions", "Not granted to anyone for 30 days"
	if body := p.get(path).Body.String(); strings.Contains(body, mark) {
		t.Error("a permission is marked that is used")
	}
	res.App.Registration.UnusedScopes = []string{"jobs:read"}
	wantPage(t, "one of two", p.get(path), 200, `<code class="small quiet">jobs:read</code> <span class="badge">`+mark+"</span>")
	if n := strings.Count(p.get(path).Body.String(), mark); n != 1 {
		t.Errorf("%d permissions are marked", n)
	}
}

// printed returns what a shell prints for a command of a page, up to a program in it and as with changes it.
func printed(t *testing.T, body, command, program string, with func(text string) string) string {
	t.Helper()
	_, rest, found := strings.Cut(body, command)
	code, _, ended := strings.Cut(rest, "</code>")
	if !found || !ended {
		t.Fatalf("the page has no %q: %s", command, body)
	}
	text, _, _ := strings.Cut(html.UnescapeString(command+code), program)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", with(text)).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", with(text), err, out)
	}
	return string(out)
}

// TestACopiedCommandRunsNothingOfARedirectURI, which its author registered, and sends it as it is.
func TestACopiedCommandRunsNothingOfARedirectURI(t *testing.T) {
	for _, uri := range []string{"https://a.example/cb;id", "https://a.example/cb'$(id)'", "https://a.example/cb?x=`id`&y=1", "https://a.example/c%20b"} {
		p := withConsole(t)
		answer, _ := p.services["GetApp"](nil)
		res, _ := answer.(*authzv1.GetAppResponse)
		res.App.Registration.RedirectUris = []string{uri}
		body := p.get(appPages).Body.String()
		if got := printed(t, body, "ISSUER=", "node app.mjs", func(text string) string { return text + "printenv REDIRECT_URI" }); got != uri+"\n" {
			t.Errorf("%s: the environment has %q", uri, got)
		}
		_, body, _ = strings.Cut(body, "CODE_CHALLENGE") // of the comment before
		got := printed(t, body, "curl https://api.test/oauth/token", "\x00", func(text string) string { return strings.Replace(text, "curl", `printf '%s\n'`, 1) })
		if !strings.Contains(got, "redirect_uri="+uri+"\n") {
			t.Errorf("%s: curl gets %q", uri, got)
		}
		if strings.Contains(got, "-d\nredirect_uri=") && strings.ContainsAny(uri, "&+%;") {
			t.Errorf("%s: curl sends a form that no server reads: %q", uri, got)
		}
	}
}

// TestARequestLogIsNotEmptyForAnAddressThatWasChanged: the page redirects to its first one, and JSON is 400.
func TestARequestLogIsNotEmptyForAnAddressThatWasChanged(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/requests"
	p.respond("ListRequests", nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "is not one of this list", oerr.WithField("page_token")))
	wantRedirect(t, "a page of another list", p.get(path+"?page=x"), path)
	w := p.get(path + "/json?page=x")
	if w.Code != 400 || w.Header().Get("Content-Type") != "application/json" || !strings.Contains(w.Body.String(), `"field":"page_token"`) {
		t.Errorf("as JSON: %d %v %s", w.Code, w.Header(), w.Body)
	}
	called := &activityv1.RequestKind{Endpoint: "/v1/videos", Method: "GET", Status: 403}
	row := &activityv1.LoggedRequest{Kind: called, Count: 3, FirstTime: timestamppb.Now(), LastTime: timestamppb.Now()}
	p.respond("ListRequests", &activityv1.ListRequestsResponse{Requests: []*activityv1.LoggedRequest{row}}, nil)
	wantPage(t, "the log", p.get(path), 200, `<option value="/v1/videos">`)
	wantPage(t, "the overview", p.get(appPages), 200, "Refused in 24 hours</dt><dd>3")
	p.respond("ListRequests", &activityv1.ListRequestsResponse{Requests: []*activityv1.LoggedRequest{row}, NextPageToken: "more"}, nil)
	wantPage(t, "the overview of a part", p.get(appPages), 200, "Refused in 24 hours, at least</dt><dd>3")
	wantPage(t, "the list", p.get("/developers"), 200, "At least 3 refused in 24 h")
}

// TestTheActivityNamesAnAppThatAnAdministratorEnded, and a trail that cannot be read is logged.
func TestTheActivityNamesAnAppThatAnAdministratorEnded(t *testing.T) {
	p := withConsole(t)
	ended := &eventv1.Event{Kind: "grant.workspace_ended", UserId: "user_1", ClientId: "c1", WorkspaceId: "ws_1", EventTime: timestamppb.Now()}
	trail := &activityv1.ListEventsResponse{
		Events: []*eventv1.Event{ended}, ClientNames: map[string]string{"c1": "Example"}, WorkspaceNames: map[string]string{"ws_1": "Acme"},
	}
	p.respond("ListEvents", trail, nil)
	wantPage(t, "of a workspace", p.get("/account/activity"), 200, "An administrator disconnected <bdi>Example</bdi> from <bdi>Acme</bdi>")
	trail.WorkspaceNames = nil
	wantPage(t, "of one that is gone", p.get("/account/activity"), 200, "An administrator disconnected <bdi>Example</bdi> from a workspace")
	p.respond("ListAccountEvents", &identityv1.ListAccountEventsResponse{}, nil)
	p.respond("ListAppEvents", &consentv1.ListAppEventsResponse{}, nil)
	p.respond("ListEvents", nil, errors.New("sentinel"))
	p.get("/account/activity")
	if !strings.Contains(p.logs.String(), "a page failed") {
		t.Errorf("a trail that cannot be read is not logged: %s", p.logs)
	}
}
