package gateway_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// signedIn returns a browser with a session, a consent page and one connected app.
func signedIn(t *testing.T) browser {
	t.Helper()
	return signedInWith(t, gateway.DefaultConfig())
}

// signedInWith is signedIn at a gateway with a configuration.
func signedInWith(t *testing.T, config gateway.Config, change ...func(*gateway.Deps)) browser {
	t.Helper()
	p := newBrowserWith(t, config, change...)
	p.respond("AuthenticateUser", &identityv1.AuthenticateUserResponse{
		SessionToken: secret.NewCode().Reveal(), Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))},
	}, nil)
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: &identityv1.Session{DisplayName: "John Doe", EmailAddress: "john@example.com"}}, nil)
	p.respond("GetPrompt", &consentv1.GetPromptResponse{
		ClientName: "Exa\u202emple <b>", RedirectOrigin: "https://app.test", DisplayName: "John Doe",
		Scopes:     []*consentv1.PromptScope{{Name: "videos:read", Description: "See your videos"}},
		Workspaces: []*consentv1.PromptWorkspace{{WorkspaceId: "ws_1", Name: "Acme"}},
	}, nil)
	p.respond("ListConnectedApps", &consentv1.ListConnectedAppsResponse{Apps: []*consentv1.ConnectedApp{
		{ClientId: "app", ClientName: "Exa\u202emple <b>", ApproveTime: timestamppb.Now()},
	}}, nil)
	w := p.post("/signin", url.Values{"csrf_token": {csrf(t, p.get("/signin"))}, "email": {"john@example.com"}, "password": {"p"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/account/connected-apps" || p.cookies["__Host-usher_session"] == nil {
		t.Fatalf("signing in responds %d %v", w.Code, w.Header())
	}
	return p
}

func TestAServicesErrorIsAPageWithTheNextStep(t *testing.T) {
	refuse := func(reason errorv1.Reason) error {
		return oerr.New(reason, "sentinel", oerr.WithInner(errors.New("sentinel")), oerr.WithRetryAfter(7*time.Second))
	}
	request := secret.NewCode().Reveal()
	for _, row := range []struct {
		err    error
		status int
		text   string
		later  string
		logged bool
	}{
		{refuse(errorv1.Reason_REASON_RATE_LIMITED), 429, "(in 7 seconds)", "7", false},
		{refuse(errorv1.Reason_REASON_UNAVAILABLE), 503, "Nothing is lost", "7", true},
		{errors.New("pq: sentinel"), 500, "Something went wrong on our side", "", true},
	} {
		p := signedIn(t)
		for method, send := range map[string]func() *httptest.ResponseRecorder{
			"GetPrompt":           func() *httptest.ResponseRecorder { return p.get("/consent?request=" + request) },
			"StartAuthorization":  func() *httptest.ResponseRecorder { return p.get("/oauth/authorize?client_id=app") },
			"ListConnectedApps":   func() *httptest.ResponseRecorder { return p.get("/account/connected-apps") },
			"LookUpAuthorization": func() *httptest.ResponseRecorder { return p.get("/signin?request=" + request) },
		} {
			p.logs.Reset()
			p.respond(method, nil, row.err)
			w := send()
			if w.Code != row.status || !strings.Contains(w.Body.String(), row.text) || w.Header().Get("Retry-After") != row.later {
				t.Errorf("%v from %s: %d, Retry-After %q, %s", row.err, method, w.Code, w.Header().Get("Retry-After"), w.Body)
			}
			if strings.Contains(w.Body.String(), "sentinel") || w.Header().Get("Cache-Control") != "no-store" || !reference.MatchString(w.Body.String()) {
				t.Errorf("%v from %s shows internal text, may be cached, or has no request ID", row.err, method)
			}
			if strings.Contains(w.Body.String(), "Nothing was shared") {
				t.Errorf("%v from %s claims that nothing was shared", row.err, method)
			}
			if strings.Contains(p.logs.String(), "a page failed") != row.logged || strings.Contains(p.logs.String(), request) {
				t.Errorf("%v from %s: the log has %s", row.err, method, p.logs)
			}
		}
	}
}

// reference is the request ID on a page.
var reference = regexp.MustCompile(`Reference: <code>[0-9a-f-]{36}</code>`)

func TestAUserWhoseSessionEndedIsRedirectedToTheSignIn(t *testing.T) {
	ended := oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x")
	request := secret.NewCode().Reveal()
	p := signedIn(t)
	form := url.Values{"csrf_token": {csrf(t, p.get("/consent?request="+request))}, "request": {request}, "decision": {"deny"}}
	p.respond("GetPrompt", nil, ended)
	p.respond("Decide", nil, ended)
	p.respond("GetSession", nil, ended)
	for name, row := range map[string]struct {
		w    *httptest.ResponseRecorder
		want string
	}{
		"consent": {p.get("/consent?request=" + request), "/signin?request=" + request}, "decision": {p.post("/consent/decision", form), "/signin?request=" + request},
		"account": {p.get("/account/connected-apps"), "/signin"}, "no session": {newBrowser(t).get("/consent?request=" + request), "/signin?request=" + request},
	} {
		if row.w.Code != http.StatusSeeOther || row.w.Header().Get("Location") != row.want {
			t.Errorf("%s: %d to %q, want %q", name, row.w.Code, row.w.Header().Get("Location"), row.want)
		}
	}
}

func TestTheResponseToTheClientIsInTheLocationHeaderOnly(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	token := csrf(t, p.get("/consent?request="+request))
	var decided *consentv1.DecideRequest
	p.services["Decide"] = func(req proto.Message) (proto.Message, error) {
		decided, _ = req.(*consentv1.DecideRequest)
		return &consentv1.DecideResponse{Location: "https://app.test/callback?code=sentinel"}, nil
	}
	w := p.post("/consent/decision", url.Values{"csrf_token": {token}, "request": {request}, "decision": {"approve"}, "workspace_id": {"ws_1"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "https://app.test/callback?code=sentinel" || w.Body.Len() > 0 ||
		w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the response is %d %v %s", w.Code, w.Header(), w.Body)
	}
	if decided.GetRequestId() != request || decided.GetWorkspaceId() != "ws_1" || decided.GetDecision() != consentv1.Decision_DECISION_APPROVE ||
		decided.GetSessionToken() != p.cookies["__Host-usher_session"].Value || decided.GetBrowserToken() != p.cookies["__Host-usher_browser"].Value {
		t.Errorf("consent was called with %v", decided)
	}
	if strings.Contains(p.logs.String(), "sentinel") {
		t.Error("the code is in the log")
	}
}

func TestAFormThatIsNotOursReachesNoService(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	token := csrf(t, p.get("/consent?request="+request))
	for name, form := range map[string]url.Values{
		"another person's": {"request": {request}, "csrf_token": {"x"}}, "another request's": {"csrf_token": {token}, "request": {secret.NewCode().Reveal()}},
		"another page's": {"csrf_token": {csrf(t, p.get("/account/connected-apps"))}, "request": {request}},
	} {
		form.Set("decision", "deny") // Decide has no response here, so that a call would be an error
		w := p.post("/consent/decision", form)
		if to := "/consent?request=" + form.Get("request"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
			t.Errorf("%s: %d to %q", name, w.Code, w.Header().Get("Location"))
		}
		if w := p.get(w.Header().Get("Location")); !strings.Contains(w.Body.String(), "Please confirm once more.") {
			t.Errorf("%s: the page is %s", name, w.Body)
		}
	}
	for name, row := range map[string]struct {
		form   url.Values
		status int
	}{
		"no token": {url.Values{"request": {request}, "decision": {"deny"}}, 403},
		"too long": {url.Values{"x": {strings.Repeat("x", 64<<10)}}, 413}, "a NUL": {url.Values{"x": {"\x00"}}, 400}, "not UTF-8": {url.Values{"x": {"\xff"}}, 400},
	} {
		if w := p.post("/consent/decision", row.form); w.Code != row.status {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	for decision, text := range map[string]string{"perhaps": "Choose to allow or to deny.", "approve": "Choose a workspace."} {
		w := p.post("/consent/decision", url.Values{"csrf_token": {token}, "request": {request}, "decision": {decision}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/consent?request="+request {
			t.Errorf("%s: %d", decision, w.Code)
		}
		if w := p.get(w.Header().Get("Location")); w.Code != 200 || !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s: %d %s", decision, w.Code, w.Body)
		}
	}
}

func TestAWrongPasswordRevealsNothing(t *testing.T) {
	p := newBrowser(t)
	p.respond("AuthenticateUser", nil, oerr.New(errorv1.Reason_REASON_INVALID_CREDENTIALS, "x"))
	w := p.post("/signin", url.Values{"csrf_token": {csrf(t, p.get("/signin"))}, "email": {"john@example.com"}, "password": {"sentinel"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/signin" {
		t.Errorf("it responds %d to %q", w.Code, w.Header().Get("Location"))
	}
	w = p.get("/signin")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "The e-mail address or the password is wrong.") ||
		!strings.Contains(w.Body.String(), "john@example.com") || strings.Contains(w.Body.String(), "sentinel") || p.cookies["__Host-usher_session"] != nil {
		t.Errorf("the page is %d %s", w.Code, w.Body)
	}
}

func TestAuthorizeRedirectsToAuthzsNextStep(t *testing.T) {
	request := secret.NewCode().Reveal()
	for want, step := range map[string]*authzv1.Step{
		"/signin?request=" + request:  {Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: request}}},
		"/consent?request=" + request: {Next: &authzv1.Step_Consent{Consent: &authzv1.Consent{RequestId: request}}},
		"https://app.test/cb?error=x": {Next: &authzv1.Step_Redirect{Redirect: &authzv1.Redirect{Location: "https://app.test/cb?error=x"}}},
		"":                            {Next: &authzv1.Step_ErrorPage{ErrorPage: &authzv1.ErrorPage{Message: "<b>unknown app</b>", ClientName: "The App"}}},
	} {
		p := newBrowser(t)
		var start *authzv1.StartAuthorizationRequest
		p.services["StartAuthorization"] = func(req proto.Message) (proto.Message, error) {
			start, _ = req.(*authzv1.StartAuthorizationRequest)
			return &authzv1.StartAuthorizationResponse{Step: step}, nil
		}
		w := p.get("/oauth/authorize?a=%7E&b=+&a=2")
		if w.Header().Get("Location") != want || (w.Code == http.StatusSeeOther) != (want != "") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v redirects with %d to %q", step, w.Code, w.Header().Get("Location"))
		}
		if want == "" && (w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "&lt;b&gt;unknown app") ||
			!strings.Contains(w.Body.String(), "The App") || !reference.MatchString(w.Body.String())) {
			t.Errorf("the error page is %d %s", w.Code, w.Body)
		}
		if start.GetRawQuery() != "a=%7E&b=+&a=2" || start.GetBrowserToken() != p.cookies["__Host-usher_browser"].Value {
			t.Errorf("authz was called with %v", start)
		}
	}
}

func TestAConnectedAppIsShownAndDisconnected(t *testing.T) {
	p := signedIn(t)
	w := p.get("/account/connected-apps")
	if !strings.Contains(w.Body.String(), "Example &lt;b&gt;") || !strings.Contains(w.Body.String(), "Not used yet.") {
		t.Errorf("the page is %s", w.Body)
	}
	form := url.Values{"csrf_token": {csrf(t, w)}, "client_id": {"app"}}
	p.respond("DisconnectApp", &consentv1.DisconnectAppResponse{}, nil)
	home := "/account/connected-apps"
	if w := p.post(home+"/disconnect", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != home {
		t.Errorf("disconnecting responds %d %v", w.Code, w.Header())
	}
	if w := p.get(home); !strings.Contains(w.Body.String(), "<bdi>Example &lt;b&gt;</bdi> is disconnected.") {
		t.Errorf("the page does not confirm the disconnection: %s", w.Body)
	}
	if w := p.get(home); strings.Contains(w.Body.String(), "<bdi>Example &lt;b&gt;</bdi> is disconnected.") {
		t.Error("the page confirms it twice")
	}
	p.respond("DisconnectApp", nil, oerr.New(errorv1.Reason_REASON_NOT_FOUND, "x"))
	if w := p.post(home+"/disconnect", form); w.Code != http.StatusSeeOther || !strings.Contains(p.get(home).Body.String(), "no such connected app") {
		t.Errorf("an unknown client: %d", w.Code)
	}
	p.respond("EndSession", nil, oerr.Unavailable(nil))
	if w := p.post("/signout", form); w.Code != http.StatusSeeOther || w.Header().Get("Retry-After") == "" || p.cookies["__Host-usher_session"] == nil {
		t.Errorf("the cookie of a session that could not be ended is deleted: %d", w.Code)
	}
	if w := p.get(home); !strings.Contains(w.Body.String(), "We cannot answer right now.") || !reference.MatchString(w.Body.String()) {
		t.Errorf("after the failure: %s", w.Body)
	}
	p.respond("EndSession", &identityv1.EndSessionResponse{}, nil)
	if w := p.post("/signout", form); w.Header().Get("Location") != "/signin" || p.cookies["__Host-usher_session"] != nil {
		t.Errorf("signing out responds %d %v", w.Code, w.Header())
	}
	for range 2 { // the session has ended
		if w := p.post("/signout", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/signin" {
			t.Errorf("signing out once more responds %d to %q", w.Code, w.Header().Get("Location"))
		}
		if w := p.post(home+"/disconnect", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/signin" {
			t.Errorf("disconnecting when signed out responds %d to %q", w.Code, w.Header().Get("Location"))
		}
	}
}

func TestAnUnknownPathIsAPageOrTheDocumentedJSON(t *testing.T) {
	p := newBrowser(t)
	r := httptest.NewRequest(http.MethodGet, "https://login.test/nowhere", nil)
	r.Header.Set("Accept", "text/html,*/*")
	if w := p.send(r); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "There is no such page") {
		t.Errorf("a browser gets %d %s", w.Code, w.Body)
	}
	if w := p.get("/nowhere"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), `"not_found"`) {
		t.Errorf("another client gets %d %s", w.Code, w.Body)
	}
}

func TestTheDemonstrationIsForDevelopmentAlone(t *testing.T) {
	production := newBrowser(t)
	if w := production.get("/"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/account/connected-apps" {
		t.Errorf("/ in production: %d", w.Code)
	}
	if w := production.get("/demo/callback"); w.Code != http.StatusNotFound {
		t.Errorf("the callback in production: %d", w.Code)
	}
	dev := newBrowser(t, func(d *gateway.Deps) { d.Development, d.PublicURL = true, "http://localhost:8080" })
	if w := dev.get("/"); w.Code != http.StatusOK || w.Header().Get("Strict-Transport-Security") != "" {
		t.Errorf("/ in development: %d", w.Code)
	}
	w := dev.get("/demo/callback?code=" + url.QueryEscape(`x'; rm -rf / "<script>`))
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<script") || !strings.Contains(w.Body.String(), "http://localhost:8080/oauth/token") {
		t.Errorf("the callback: %d %s", w.Code, w.Body)
	}
}

func TestATimeoutOutOfBoundsIsAnError(t *testing.T) {
	for _, d := range []time.Duration{0, 99 * time.Millisecond, 31 * time.Second} {
		if _, err := gateway.New(t.Context(), gateway.Config{CallTimeout: d}, gateway.Deps{}); err == nil || !strings.Contains(err.Error(), "call_timeout") {
			t.Errorf("%s: %v", d, err)
		}
	}
}
