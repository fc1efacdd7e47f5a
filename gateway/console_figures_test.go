package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// loggedRow returns a row of the log of requests to an endpoint, of which the last one was a while ago.
func loggedRow(endpoint string, ago time.Duration, count int64, cause errorv1.Cause) *activityv1.LoggedRequest {
	at := timestamppb.New(time.Now().Add(-ago))
	kind := &activityv1.RequestKind{Endpoint: endpoint, Method: "POST", Status: http.StatusOK, Cause: cause}
	if cause != errorv1.Cause_CAUSE_UNSPECIFIED {
		kind.Status, kind.Error = http.StatusBadRequest, "invalid_request"
	}
	return &activityv1.LoggedRequest{Kind: kind, Count: count, FirstTime: at, LastTime: at, RequestId: fmt.Sprint("of ", cause)}
}

// logOf serves rows of the log, as the activity service filters them.
func logOf(p browser, next string, rows ...*activityv1.LoggedRequest) {
	p.services["ListRequests"] = func(req proto.Message) (proto.Message, error) {
		asked, _ := req.(*activityv1.ListRequestsRequest)
		res := &activityv1.ListRequestsResponse{NextPageToken: next}
		for _, row := range rows {
			k := row.GetKind()
			granted := k.GetCause() == errorv1.Cause_CAUSE_UNSPECIFIED && k.GetStatus() < http.StatusBadRequest
			if asked.GetRefusedOnly() && granted || asked.GetGrantedOnly() && !granted || asked.GetEndpoint() != "" && asked.GetEndpoint() != k.GetEndpoint() {
				continue
			}
			res.Requests = append(res.Requests, row)
		}
		return res, nil
	}
}

// inGerman returns a page as a browser gets it that prefers German.
func inGerman(p browser, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "https://login.test"+path, nil)
	r.Header.Set("Accept-Language", "de")
	return p.send(r)
}

// TestTheMainCauseIsSaidInWords with how many of the refused requests have it, in the language of the reader;
// one that has words in English alone is marked as English.
func TestTheMainCauseIsSaidInWords(t *testing.T) {
	p := withConsole(t)
	logOf(
		p, "", loggedRow("/oauth/authorize", time.Minute, 41, errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED),
		loggedRow("/oauth/token", time.Minute, 8, errorv1.Cause_CAUSE_SECRET_WRONG),
	)
	wantPage(t, "the overview", p.get(appPages), 200,
		`41 of 49 refused requests have one cause: Redirect address is not registered. <a href="`+appPages+`/requests?cause=redirect_uri_unregistered">`)
	wantPage(t, "in German", inGerman(p, appPages), 200, "41 von 49 abgelehnten Anfragen haben eine Ursache: Rücksprungadresse ist nicht registriert.")
	logOf(p, "more", loggedRow("/oauth/token", time.Minute, 5, errorv1.Cause_CAUSE_ASSERTION_MISSING))
	wantPage(t, "of a part, in German", inGerman(p, appPages), 200, `5 von 5 gezählten abgelehnten Anfragen haben eine Ursache: <span lang="en">assertion missing</span>.`)
	logOf(
		p, "", loggedRow("/oauth/token", time.Minute, 4, errorv1.Cause_CAUSE_CODE_EXPIRED),
		loggedRow("/oauth/token", time.Minute, 4, errorv1.Cause_CAUSE_SECRET_WRONG),
	)
	if body := p.get(appPages).Body.String(); strings.Contains(body, "one cause") {
		t.Error("a half of the requests is called most of them")
	}
}

// TestTheFilterByCauseHasWordsAndNumbers, the most frequent cause first. Numbers are left out where the log has
// more than was read.
func TestTheFilterByCauseHasWordsAndNumbers(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/requests"
	rows := []*activityv1.LoggedRequest{
		loggedRow("/oauth/token", time.Minute, 2, errorv1.Cause_CAUSE_CODE_USED),
		loggedRow("/oauth/token", time.Minute, 1, errorv1.Cause_CAUSE_CODE_REPLAYED),
		loggedRow("/oauth/authorize", time.Minute, 40, errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED),
		loggedRow("/oauth/token", time.Minute, 900, errorv1.Cause_CAUSE_UNSPECIFIED),
		loggedRow("/oauth/authorize", 48*time.Hour, 5, errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED),
	}
	logOf(p, "", rows...)
	wantPage(t, "the log", p.get(path), 200, `<option value="">Every cause</option>`+
		`<option value="redirect_uri_unregistered">Redirect address is not registered (45)</option>`+
		`<option value="code_used">Code was used twice · code_used (2)</option>`+
		`<option value="code_replayed">Code was used twice · code_replayed (1)</option></select>`)
	wantPage(t, "of a day", p.get(path+"?since=24h"), 200, `>Redirect address is not registered (40)<`)
	wantPage(t, "of an endpoint", p.get(path+"?endpoint=/oauth/token&cause=redirect_uri_unregistered"), 200,
		`<option value="redirect_uri_unregistered" selected>Redirect address is not registered</option>`, `code_used (2)<`)
	wantPage(t, "in German", inGerman(p, path), 200, `>Rücksprungadresse ist nicht registriert (45)<`)
	wantPage(t, "of an address that was changed", p.get(path+"?cause=%3Cb%3E"), 200, `<option value="&lt;b&gt;" selected>&lt;b&gt;</option>`)
	logOf(p, "more", rows...)
	wantPage(t, "of a part", p.get(path), 200, `<option value="redirect_uri_unregistered">Redirect address is not registered</option>`)
	wantPage(t, "of the whole day of a part", p.get(path+"?since=24h"), 200, `>Redirect address is not registered (40)<`)
}

// TestThePreviewIsThePageThatPeopleSee: of a website, of a device, and none where no person is asked.
func TestThePreviewIsThePageThatPeopleSee(t *testing.T) {
	config := gateway.DefaultConfig()
	config.ReportURL = "https://report.test/app"
	const unseen = "Nobody sees a page for this app: it acts for itself."
	for name, row := range map[string]struct {
		grants        []string
		shown, hidden []string
	}{
		"a website": {
			[]string{"authorization_code", "refresh_token"},
			[]string{"Either answer takes you to <strong><bdi>app.test</bdi></strong>", "you administer it", `href="https://report.test/app?client_id=vdo_client_1"`},
			[]string{"You are connecting a device", unseen},
		},
		"a device": {
			[]string{"urn:ietf:params:oauth:grant-type:device_code", "refresh_token"},
			[]string{"You are connecting a device.", "From the address", "The device receives your answer by itself."},
			[]string{"an app on this device", "((no name))", unseen},
		},
		"without a person": {[]string{"client_credentials"}, []string{unseen}, []string{`class="preview"`, "Deny"}},
	} {
		p := withConsoleOf(t, config)
		answer, _ := p.services["GetApp"](nil)
		res, _ := answer.(*authzv1.GetAppResponse)
		res.App.Registration.Client.GrantTypes = row.grants
		if name != "a website" {
			res.App.Registration.RedirectUris = nil
		}
		w := p.get(appPages + "/consent")
		wantPage(t, name, w, 200, row.shown...)
		for _, text := range row.hidden {
			if strings.Contains(w.Body.String(), text) {
				t.Errorf("%s: the page has %q", name, text)
			}
		}
	}
}

// TestUsageHasTheTokensOfEachDay, of the granted token requests alone, and the permissions that no user granted.
func TestUsageHasTheTokensOfEachDay(t *testing.T) {
	p := withConsole(t)
	const path, day = appPages + "/usage", 24 * time.Hour
	rows := []*activityv1.LoggedRequest{
		loggedRow("/oauth/token", 0, 4000, errorv1.Cause_CAUSE_UNSPECIFIED),
		loggedRow("/oauth/token", 0, 3, errorv1.Cause_CAUSE_CODE_EXPIRED),
		loggedRow("/oauth/authorize", 0, 7, errorv1.Cause_CAUSE_UNSPECIFIED),
		loggedRow("/oauth/token", 2*day, 20, errorv1.Cause_CAUSE_UNSPECIFIED),
		loggedRow("/oauth/token", 2*day, 1, errorv1.Cause_CAUSE_UNSPECIFIED),
		loggedRow("/oauth/token", 8*day, 99, errorv1.Cause_CAUSE_UNSPECIFIED),
	}
	logOf(p, "", rows...)
	now := time.Now().UTC()
	shown := func(ago int, format, count string) string {
		at := now.AddDate(0, 0, -ago)
		return fmt.Sprintf("<time datetime=%q>%s</time></dt><dd>%s</dd>", at.Format("2006-01-02"), at.Format(format), count)
	}
	w := p.get(path)
	wantPage(t, "usage", w, 200, shown(0, "2 January", "4,000"), shown(1, "2 January", "0"), shown(2, "2 January", "21"), shown(6, "2 January", "0"), "None. A permission is listed here")
	if strings.Contains(w.Body.String(), "<dd>99</dd>") || strings.Contains(w.Body.String(), shown(7, "2 January", "0")) {
		t.Error("an eighth day is counted")
	}
	wantPage(t, "in German", inGerman(p, path), 200, "Access-Tokens pro Tag", "<dd>4.000</dd>")
	logOf(p, "more", rows[3]) // each page is the same, so that each is counted
	wantPage(t, "of many rows", p.get(path), 200, shown(2, "2 January", "At least 80"), shown(6, "2 January", "Not known right now"))
	answer, _ := p.services["GetApp"](nil)
	res, _ := answer.(*authzv1.GetAppResponse)
	res.App.Registration.UnusedScopes = []string{"videos:read"}
	p.respond("ListRequests", nil, oerr.Unavailable(nil))
	wantPage(t, "without the log", p.get(path), 200, "<p>Not known right now</p>", "Not granted to anyone for 30 days.", "<code>videos:read</code>")
}

// TestTheLogListsGrantedRequests too, with what was sent and nothing to mend, as a page and as JSON.
func TestTheLogListsGrantedRequests(t *testing.T) {
	p := withConsole(t)
	const path, query = appPages + "/requests", "?outcome=granted&cause=secret_wrong"
	sent := loggedRow("/oauth/authorize", time.Minute, 12, errorv1.Cause_CAUSE_UNSPECIFIED)
	sent.Kind.Got = &activityv1.RequestFacts{RedirectUri: "https://app.test/callback", Scope: "videos:read", ResponseType: "code"}
	logOf(p, "", sent, loggedRow("/oauth/token", time.Minute, 3, errorv1.Cause_CAUSE_SECRET_WRONG))
	w := p.get(path + query)
	wantPage(t, "the granted ones", w, 200, "<h2>Granted</h2>", "12 times since", "/oauth/authorize", ">https://app.test/callback<", `<option value="granted" selected>Granted</option>`,
		`href="`+path+`/json?cause=secret_wrong&amp;outcome=granted"`)
	for _, text := range []string{"Secret is wrong", "To fix it", "Registered", "Expected", "Read more", `name="cause"`} {
		if strings.Contains(w.Body.String(), text) {
			t.Errorf("the granted ones have %q", text)
		}
	}
	if body := p.get(path + "/json" + query).Body.String(); !strings.Contains(body, "https://app.test/callback") || strings.Contains(body, "CAUSE_SECRET_WRONG") {
		t.Errorf("as JSON: %s", body)
	}
	wantPage(t, "the refused ones", p.get(path), 200, "Secret is wrong", `<option value="">Refused</option>`)
	if body := p.get(path).Body.String(); strings.Contains(body, "https://app.test/callback") {
		t.Error("the refused ones have a granted one")
	}
	wantPage(t, "none of an endpoint", p.get(path+"?outcome=granted&endpoint=/oauth/revoke"), 200, "No granted request is like that")
	logOf(p, "")
	wantPage(t, "none, in German", inGerman(p, path+"?outcome=granted"), 200, "Keine Anfrage wurde gewährt")
}

// TestTheOverviewSaysHowManyRequestsWereAnswered in the last 24 hours, and which part of them was refused; not
// where some were not counted.
func TestTheOverviewSaysHowManyRequestsWereAnswered(t *testing.T) {
	p := withConsole(t)
	rows := []*activityv1.LoggedRequest{
		loggedRow("/oauth/token", time.Minute, 18_155, errorv1.Cause_CAUSE_UNSPECIFIED),
		loggedRow("/oauth/token", 23*time.Hour, 49, errorv1.Cause_CAUSE_SECRET_WRONG),
		loggedRow("/oauth/token", 25*time.Hour, 1000, errorv1.Cause_CAUSE_SECRET_WRONG),
	}
	logOf(p, "more", rows...)
	const shown = "Answered in 24 hours</dt><dd>18204</dd>"
	wantPage(t, "the overview", p.get(appPages), 200, shown, `Refused in 24 hours</dt><dd>49 <span class="small quiet">0.27%</span></dd>`)
	wantPage(t, "in German", inGerman(p, appPages), 200, "Beantwortet in 24 Stunden</dt><dd>18204</dd>", "0,27\u00a0%")
	logOf(p, "more", rows[:2]...)
	w := p.get(appPages)
	wantPage(t, "of a part", w, 200, "Answered in 24 hours, at least</dt><dd>18204</dd>", "at least</dt><dd>49</dd>")
	logOf(p, "")
	wantPage(t, "without a request", p.get(appPages), 200, "Answered in 24 hours</dt><dd>0</dd>", "Refused in 24 hours</dt><dd>0</dd>")
}

// TestAnAppIsRegisteredFromAManifest: as the form would, with an identifier of its own, in the chosen workspace;
// a file that cannot be used registers nothing and says why.
func TestAnAppIsRegisteredFromAManifest(t *testing.T) {
	p := withConsole(t)
	const path = "/developers/apps/new"
	var created []*authzv1.CreateAppRequest
	var failure error
	p.services["CreateApp"] = func(req proto.Message) (proto.Message, error) {
		one, _ := req.(*authzv1.CreateAppRequest)
		created = append(created, one)
		answer, _ := p.services["GetApp"](nil)
		res, _ := answer.(*authzv1.GetAppResponse)
		return &authzv1.CreateAppResponse{App: res.GetApp(), ClientSecret: "vdo_secret_sentinel"}, failure
	}
	fields := map[string]string{"csrf_token": csrf(t, p.get(path)), "workspace_id": "ws_1"}
	text := p.get(appPages + "/manifest/download").Body.String()
	if !strings.Contains(text, "id: vdo_client_1") {
		t.Fatalf("the manifest has no id: %s", text)
	}
	wantRedirect(t, "of another app", uploadTo(t, p, path+"/upload", fields, text), appPages+"/credentials")
	wantPage(t, "of another app", p.get(appPages+"/credentials"), 200, "vdo_secret_sentinel", "The app is registered.")
	wantRedirect(t, "without an id", uploadTo(t, p, path+"/upload", fields, strings.Replace(text, "id: vdo_client_1", "workspace: ws_1", 1)), appPages+"/credentials")
	if len(created) != 2 {
		t.Fatalf("%d apps are registered", len(created))
	}
	for _, one := range created {
		if app := one.GetClient(); one.GetWorkspaceId() != "ws_1" || app.GetName() != "Example" || len(app.GetRedirectUris()) != 2 ||
			app.GetClientId()+app.GetWorkspaceId() != "" || app.GetReuse() != authzv1.Reuse_REUSE_UNSPECIFIED {
			t.Errorf("registered is %v", one)
		}
	}
	for name, row := range map[string]struct{ file, shows string }{
		"an unknown member": {text + "unknown: 1\n", "field unknown is unknown"}, "two apps": {text + strings.TrimPrefix(text, "clients:\n"), "it must have one client"},
		"no name": {"clients: [{scopes: [videos:read]}]", "name is required"}, "an empty file": {"", "it is empty"},
		"no text": {"\xff\xfe", "no text in UTF-8"},
	} {
		wantRedirect(t, name, uploadTo(t, p, path+"/upload", fields, row.file), path)
		wantPage(t, name, p.get(path), 200, "The manifest cannot be used.", row.shows, `href="#manifest"`)
	}
	if w := uploadTo(t, p, path+"/upload", map[string]string{"csrf_token": "wrong", "workspace_id": "ws_1"}, text); w.Code != http.StatusSeeOther || len(created) != 2 {
		t.Errorf("a form of another page: %d, %d apps", w.Code, len(created))
	}
	failure = oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "is set by the operator", oerr.WithField("resource_server"))
	wantRedirect(t, "what the service refuses", uploadTo(t, p, path+"/upload", fields, text), path)
	wantPage(t, "what the service refuses", p.get(path), 200, "The manifest cannot be used.", "resource_server is set by the operator")
	if w := p.get(path + "/upload"); w.Code != http.StatusNotFound {
		t.Errorf("the address of the form is a page: %d", w.Code)
	}
}

// TestTheLimitOfPeopleSaysWhenItEnds, which is at the review.
func TestTheLimitOfPeopleSaysWhenItEnds(t *testing.T) {
	p := withConsole(t)
	response, _ := p.services["GetApp"](nil)
	res, _ := response.(*authzv1.GetAppResponse)
	res.App.Registration.Unverified, res.App.PeopleLimit = true, 100
	wantPage(t, "an app that is not verified", p.get(appPages), 200, `<dd>0 / 100 <span class="small quiet">until it is verified</span></dd>`)
}

// TestAnAppWithMorePeopleThanAreCountedSaysSo, in the numbers of the language.
func TestAnAppWithMorePeopleThanAreCountedSaysSo(t *testing.T) {
	for _, c := range []struct {
		limit          int32
		list, overview string
	}{{0, "More than 10,000 people", "More than 10,000<"}, {50_000, "More than 10,000 of 50,000 people", "More than 10,000 of 50,000<"}} {
		p := withConsole(t)
		response, _ := p.services["GetApp"](nil)
		res, _ := response.(*authzv1.GetAppResponse)
		app := res.GetApp()
		app.People, app.MorePeople, app.PeopleLimit = 10_000, true, c.limit
		p.respond("GetApp", res, nil)
		p.respond("ListApps", &authzv1.ListAppsResponse{Session: res.GetSession(), Apps: []*authzv1.OwnedClient{app}}, nil)
		wantPage(t, "the list", p.get("/developers"), 200, c.list)
		wantPage(t, "the overview", p.get(appPages), 200, "<dd>"+c.overview)
		wantPage(t, "the usage", p.get(appPages+"/usage"), 200, "<dd>"+c.overview)
	}
}
