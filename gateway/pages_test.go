package gateway_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// redirectedByClient returns a browser that a client has redirected here, without a session, and
// the authorization's identifier.
func redirectedByClient(t *testing.T) (browser, string) {
	t.Helper()
	p, request := newBrowser(t), secret.NewCode().Reveal()
	p.respond("LookUpAuthorization", &authzv1.LookUpAuthorizationResponse{
		State: authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN, ClientName: "Example App", RedirectOrigin: "https://app.test",
		Step:      &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: request}}},
		LoginHint: "hint@example.com",
	}, nil)
	p.get("/signin") // sets the browser cookie
	return p, request
}

// wantRedirect checks for a 303 to an address.
func wantRedirect(t *testing.T, name string, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
		t.Errorf("%s: %d to %q, want 303 to %q; %s", name, w.Code, w.Header().Get("Location"), to, w.Body)
	}
}

// wantPage checks for a page with all of the texts.
func wantPage(t *testing.T, name string, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("%s: status %d, want %d", name, w.Code, status)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s does not contain %q:\n%s", name, text, w.Body)
		}
	}
}

// TestEveryPageBeginsWithALinkToItsContent (WCAG 2.2, 2.4.1), in its language: those with a menu and those without.
func TestEveryPageBeginsWithALinkToItsContent(t *testing.T) {
	p := signedIn(t)
	signedOut := newBrowser(t)
	for path, b := range map[string]browser{"/signin": signedOut, "/account/security": p, "/docs": p} {
		wantPage(t, path, b.get(path), http.StatusOK, "<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n", ` id="main" tabindex="-1">`)
	}
	german := httptest.NewRequest(http.MethodGet, "https://login.test/signin", nil)
	german.Header.Set("Accept-Language", "de")
	wantPage(t, "German", signedOut.send(german), http.StatusOK, ">Zum Inhalt springen</a>")
}

func TestFault_A3_TheRequestStaysInTheAddress(t *testing.T) {
	for text, err := range map[string]error{
		"The e-mail address or the password is wrong.": oerr.New(errorv1.Reason_REASON_INVALID_CREDENTIALS, "x"),
		"There were too many attempts. Try again at ":  oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "x", oerr.WithRetryAfter(time.Minute)),
		"We cannot answer right now.":                  oerr.Unavailable(nil),
		"Something went wrong on our side.":            errors.New("x"),
	} {
		p, request := redirectedByClient(t)
		page := "/signin?request=" + request
		first := p.get(page)
		wantPage(t, "the page", first, 200, "to continue to", "Example App", "https://app.test", `value="hint@example.com"`,
			"<title>Sign in to continue to Example App")
		p.respond("AuthenticateUser", nil, err)
		form := url.Values{"csrf_token": {csrf(t, first)}, "request": {request}, "email": {"john@example.com"}, "password": {"sentinel"}}
		w := p.post(page, form)
		wantRedirect(t, text, w, page)
		if strings.Contains(w.Header().Get("Location"), "john") || w.Body.Len() > 0 && strings.Contains(w.Body.String(), "sentinel") {
			t.Errorf("%s: the user's input is in the response", text)
		}
		again := p.get(page)
		wantPage(t, text, again, 200, text, `name="request" value="`+request+`"`, "<title>Error: Sign in", `role="alert"`, `aria-describedby="fault"`)
		if p.cookies["__Host-usher_flash"] != nil {
			t.Errorf("%s: the flash is not deleted after it was shown", text)
		}
		if w := p.get(page); strings.Contains(w.Body.String(), text) {
			t.Errorf("%s: shown twice", text)
		}
	}
}

func TestFault_A4_TheInputIsKeptAndAMissingFieldIsNamed(t *testing.T) {
	p, request := redirectedByClient(t)
	page := "/signin?request=" + request
	form := url.Values{"csrf_token": {csrf(t, p.get(page))}, "request": {request}, "email": {"john@example.com"}}
	wantRedirect(t, "without a password", p.post("/signin", form), page)
	wantPage(t, "without a password", p.get(page), 200, "Enter your e-mail address and your password.", `value="john@example.com"`, `<a href="#email">`)
	form.Set("email", strings.Repeat("x", 5000))
	wantRedirect(t, "with an address that no cookie holds", p.post("/signin", form), page)
	wantPage(t, "with an address that no cookie holds", p.get(page), 200, "Enter your e-mail address and your password.")
}

// TestFault_A4_AFailedDecisionRedirectsBackToItsPage, even where a service fails: no page responds
// to the POST itself.
func TestFault_A4_AFailedDecisionRedirectsBackToItsPage(t *testing.T) {
	request := secret.NewCode().Reveal()
	page := "/consent?request=" + request
	for reason, row := range map[errorv1.Reason]struct{ to, text string }{
		errorv1.Reason_REASON_WORKSPACE_FORBIDDEN:     {page, "You are not a member of that workspace any more."},
		errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND: {page, ""},
		errorv1.Reason_REASON_AUTHORIZATION_STALE:     {page, ""},
		errorv1.Reason_REASON_SESSION_REQUIRED:        {"/signin?request=" + request, ""},
		errorv1.Reason_REASON_UNAVAILABLE:             {page, "We cannot answer right now."},
		errorv1.Reason_REASON_RATE_LIMITED:            {page, "There were too many attempts."},
		errorv1.Reason_REASON_UNSPECIFIED:             {page, "Something went wrong on our side."},
	} {
		p := signedIn(t)
		p.respond("Decide", nil, oerr.New(reason, "sentinel"))
		form := url.Values{
			"csrf_token": {csrf(t, p.get(page))}, "request": {request}, "decision": {"approve"}, "workspace_id": {"ws_1"},
		}
		wantRedirect(t, reason.String(), p.post("/consent/decision", form), row.to)
		if w := p.get(page); row.text != "" {
			wantPage(t, reason.String(), w, 200, row.text)
		} else if strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: the page shows more than its state: %s", reason, w.Body)
		}
	}
}

func TestFault_A5_AFormWithAnOldTokenRedirectsToTheNextStep(t *testing.T) {
	p, request := redirectedByClient(t)
	page := "/signin?request=" + request
	tab := csrf(t, p.get(page))
	// The other tab signs in.
	p.respond("AuthenticateUser", &identityv1.AuthenticateUserResponse{
		SessionToken: secret.NewCode().Reveal(), Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))},
	}, nil)
	step := &authzv1.Step{Next: &authzv1.Step_Consent{Consent: &authzv1.Consent{RequestId: request}}}
	p.respond("ResumeAuthorization", &authzv1.ResumeAuthorizationResponse{Step: step}, nil)
	form := url.Values{"csrf_token": {tab}, "request": {request}, "email": {"john@example.com"}, "password": {"p"}}
	wantRedirect(t, "the first tab", p.post("/signin", form), "/consent?request="+request)
	p.respond("LookUpAuthorization", &authzv1.LookUpAuthorizationResponse{
		State: authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN, ClientName: "Example App", Step: step,
	}, nil)
	wantRedirect(t, "the second tab", p.post("/signin", form), page)
	wantRedirect(t, "the page that it redirects to", p.get(page), "/consent?request="+request)

	// The user allows after a sign-out in another tab.
	delete(p.cookies, "__Host-usher_session")
	form = url.Values{"csrf_token": {tab}, "request": {request}, "decision": {"approve"}, "workspace_id": {"ws_1"}}
	wantRedirect(t, "a decision without a session", p.post("/consent/decision", form), page)
}

func TestFault_A5_WithoutCookiesThePageRequestsCookies(t *testing.T) {
	p, request := redirectedByClient(t)
	token := csrf(t, p.get("/signin?request="+request))
	clear(p.cookies)
	send := func(path string, form url.Values) *httptest.ResponseRecorder {
		clear(p.cookies) // the browser stores no cookies
		if form == nil {
			return p.get(path)
		}
		return p.post(path, form)
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"a form":         send("/signin", url.Values{"csrf_token": {token}, "request": {request}, "email": {"a"}, "password": {"b"}}),
		"a page":         send("/signin?request="+request, nil),
		"with a session": send("/signin?request="+request, nil),
	} {
		to := "/cookie-check?page=signin&request=" + request
		wantRedirect(t, name, w, to)
		wantPage(t, name, send(to, nil), 400, "Cookies are needed", `href="/signin?request=`+request+`"`)
	}
	clear(p.cookies)
	w := p.get("/signin?request=" + request)
	wantRedirect(t, "a browser that stores cookies", p.get(w.Header().Get("Location")), "/signin?request="+request)
	for _, path := range []string{"/cookie-check", "/cookie-check?page=//evil.test&request=//evil.test", "/cookie-check?page=account&request=x"} {
		if to := p.get(path).Header().Get("Location"); !strings.HasPrefix(to, "/account/connected-apps") || strings.Contains(to, "evil") {
			t.Errorf("%s redirects to %q", path, to)
		}
	}
}

func TestFault_A7_AClosedRequestShowsNoPasswordField(t *testing.T) {
	state := func(s authzv1.AuthorizationState, name string) *authzv1.LookUpAuthorizationResponse {
		return &authzv1.LookUpAuthorizationResponse{State: s, ClientName: name, RedirectOrigin: "https://app.test"}
	}
	request := secret.NewCode().Reveal()
	headings := map[string]bool{}
	for name, row := range map[string]struct {
		found  *authzv1.LookUpAuthorizationResponse
		status int
		text   string
		shared bool // whether it is certain that nothing was shared
	}{
		"expired":          {state(authzv1.AuthorizationState_AUTHORIZATION_STATE_EXPIRED, "Example App"), 400, "This request has expired", true},
		"expired long ago": {state(authzv1.AuthorizationState_AUTHORIZATION_STATE_EXPIRED, ""), 400, "This request has expired", false},
		"approved":         {state(authzv1.AuthorizationState_AUTHORIZATION_STATE_APPROVED, "Example App"), 200, "You allowed this request", false},
		"denied":           {state(authzv1.AuthorizationState_AUTHORIZATION_STATE_DENIED, "Example App"), 200, "You denied this request", true},
		"another browser":  {state(authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_BROWSER, ""), 400, "begun in another browser", false},
		"another person":   {state(authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_PERSON, "Example App"), 400, "Another person answered", false},
		"invented":         {state(authzv1.AuthorizationState_AUTHORIZATION_STATE_UNKNOWN, ""), 400, "There is no such request", false},
	} {
		p := newBrowser(t)
		p.get("/signin")
		p.respond("LookUpAuthorization", row.found, nil)
		p.respond("GetOutcome", nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"))
		w := p.get("/signin?request=" + request)
		wantPage(t, name, w, row.status, row.text)
		body := w.Body.String()
		if strings.Contains(body, `type="password"`) || strings.Count(body, "<a href=") != 1 {
			t.Errorf("%s: there is a password field, or not exactly one link: %s", name, body)
		}
		if strings.Contains(body, "othing was shared") != row.shared && strings.Contains(body, "nothing was shared") != row.shared {
			t.Errorf("%s: states that nothing was shared: %v", name, !row.shared)
		}
		if !reference.MatchString(body) {
			t.Errorf("%s: no request ID", name)
		}
		headings[row.text] = true
	}
	if len(headings) != 6 {
		t.Errorf("%d states have a heading of their own", len(headings))
	}
}

func TestFault_A2_AUserWhoGoesBackSeesTheirDecision(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	p.respond("GetPrompt", nil, oerr.New(errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "x"))
	p.respond("LookUpAuthorization", &authzv1.LookUpAuthorizationResponse{
		State: authzv1.AuthorizationState_AUTHORIZATION_STATE_APPROVED, ClientName: "Example App", RedirectOrigin: "https://app.test",
	}, nil)
	outcome := &consentv1.GetOutcomeResponse{
		Decision: consentv1.Decision_DECISION_APPROVE, DecideTime: timestamppb.New(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)),
		Workspace: &consentv1.PromptWorkspace{WorkspaceId: "ws_1", Name: "Acme"}, CodeRedeemed: true,
	}
	p.respond("GetOutcome", outcome, nil)
	page := "/consent?request=" + request
	w := p.get(page)
	wantPage(t, "redeemed", w, 200, "You allowed this request", "Example App", "Acme", "4 March 2026, 05:06 UTC",
		"The app has received its access.", `<a href="/account/connected-apps" `, "<title>You allowed this request: Example App")
	if strings.Contains(w.Body.String(), "<form") || strings.Contains(w.Body.String(), "othing was shared") {
		t.Errorf("redeemed: %s", w.Body)
	}
	outcome.CodeRedeemed, outcome.Repeatable = false, true
	w = p.get(page)
	wantPage(t, "not redeemed yet", w, 200, "The app has not received its access yet.", "Continue to the app")
	var again *consentv1.DecideRequest
	p.services["Decide"] = func(req proto.Message) (proto.Message, error) {
		again, _ = req.(*consentv1.DecideRequest)
		return &consentv1.DecideResponse{Location: "https://app.test/cb?code=2"}, nil
	}
	form := url.Values{
		"csrf_token": {csrf(t, w)}, "request": {request}, "decision": {"approve"}, "workspace_id": {"ws_1"}, "answered": {"1"},
	}
	wantRedirect(t, "going on", p.post("/consent/decision", form), "https://app.test/cb?code=2")
	if !again.GetAnsweredBefore() {
		t.Error("AnsweredBefore is not set though the client may have a code")
	}
	outcome.Repeatable = false
	if w := p.get(page); strings.Contains(w.Body.String(), "<form") {
		t.Errorf("neither redeemed nor repeatable: %s", w.Body)
	}
}

func TestFault_A1_ADecisionAfterARedirectSetsAnsweredBefore(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	var before []bool
	p.services["Decide"] = func(req proto.Message) (proto.Message, error) {
		decide, _ := req.(*consentv1.DecideRequest)
		before = append(before, decide.GetAnsweredBefore())
		return &consentv1.DecideResponse{Location: "https://app.test/cb?code=1"}, nil
	}
	form := url.Values{
		"csrf_token": {csrf(t, p.get("/consent?request="+request))}, "request": {request}, "decision": {"approve"}, "workspace_id": {"ws_1"},
	}
	p.post("/consent/decision", form)
	flash := p.cookies["__Host-usher_flash"]
	delete(p.cookies, "__Host-usher_flash") // the browser dropped the first response because of the second click
	p.post("/consent/decision", form)
	p.cookies["__Host-usher_flash"] = flash
	p.post("/consent/decision", form)
	if len(before) != 3 || before[0] || before[1] || !before[2] {
		t.Errorf("AnsweredBefore was %v, want it in the third call only", before)
	}
}

func TestFault_A8_NotYouEndsTheSessionAndKeepsTheRequest(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	var ended string
	p.services["EndSession"] = func(req proto.Message) (proto.Message, error) {
		end, _ := req.(*identityv1.EndSessionRequest)
		ended = end.GetSessionToken()
		return &identityv1.EndSessionResponse{}, nil
	}
	session := p.cookies["__Host-usher_session"].Value
	w := p.get("/consent?request=" + request)
	wantPage(t, "the consent page", w, 200, `name="decision" value="switch"`, "Not you?")
	wantRedirect(t, "not you", p.post("/consent/decision", url.Values{"csrf_token": {csrf(t, w)}, "request": {request}, "decision": {"switch"}}), "/signin?request="+request)
	if ended != session || p.cookies["__Host-usher_session"] != nil {
		t.Error("the session is still active")
	}
}

func TestFault_A8_TheClientsPromptIsShown(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	found := &authzv1.LookUpAuthorizationResponse{
		State: authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN, ClientName: "Example App",
		Step:         &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: request}}},
		SignInReason: authzv1.SignInReason_SIGN_IN_REASON_AGAIN,
	}
	p.respond("LookUpAuthorization", found, nil)
	page := "/signin?request=" + request
	wantPage(t, "prompt=login", p.get(page), 200, "Sign in again", `value="john@example.com"`, `type="password"`)
	found.LoginHint = "hint@example.com"
	wantPage(t, "with a hint", p.get(page), 200, `value="hint@example.com"`)
	found.SignInReason = authzv1.SignInReason_SIGN_IN_REASON_SELECT_ACCOUNT
	w := p.get(page)
	wantPage(t, "prompt=select_account", w, 200, "Choose an account", "John Doe", "john@example.com", `value="continue"`, `type="password"`)
	step := &authzv1.Step{Next: &authzv1.Step_Consent{Consent: &authzv1.Consent{RequestId: request}}}
	p.respond("ContinueAuthorization", &authzv1.ContinueAuthorizationResponse{Step: step}, nil)
	form := url.Values{"csrf_token": {csrf(t, w)}, "request": {request}, "decision": {"continue"}}
	wantRedirect(t, "continue as John", p.post("/signin", form), "/consent?request="+request)

	form.Set("decision", "deny")
	back := &authzv1.Step{Next: &authzv1.Step_Redirect{Redirect: &authzv1.Redirect{Location: "https://app.test/cb?error=access_denied"}}}
	p.respond("CancelAuthorization", &authzv1.CancelAuthorizationResponse{Step: back}, nil)
	wantRedirect(t, "cancel", p.post("/signin", form), "https://app.test/cb?error=access_denied")
	p.respond("CancelAuthorization", nil, oerr.New(errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "x"))
	wantRedirect(t, "cancel a closed request", p.post("/signin", form), page)
	p.respond("CancelAuthorization", nil, oerr.Unavailable(nil))
	wantRedirect(t, "cancel in an outage", p.post("/signin", form), page)
	wantPage(t, "cancel in an outage", p.get(page), 200, "We cannot answer right now.")
}

func TestFault_A9_WorkspacesOfOneNameDiffer(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	long := strings.Repeat("long name ", 12)
	p.respond("GetPrompt", &consentv1.GetPromptResponse{ClientName: long, Workspaces: []*consentv1.PromptWorkspace{
		{WorkspaceId: "ws_1", Name: "Acme", Plan: "pro", Role: "administrator"}, {WorkspaceId: "ws_2", Name: "Acme", Plan: "free", Role: "member"},
	}}, nil)
	wantPage(t, "the consent page", p.get("/consent?request="+request), 200, strings.TrimSpace(long),
		"Pro plan · you administer it · <code>ws_1</code>", "Free plan · you are a member · <code>ws_2</code>")
}

func TestFault_A12_AFlashCannotBeForged(t *testing.T) {
	p := signedIn(t)
	p.respond("DisconnectApp", &consentv1.DisconnectAppResponse{}, nil)
	home := "/account/connected-apps"
	shown := func() bool { return strings.Contains(p.get(home).Body.String(), "is disconnected") }
	if strings.Contains(p.get(home+"?disconnected=1").Body.String(), "is disconnected") {
		t.Error("a link makes the page confirm a disconnection")
	}
	p.post(home+"/disconnect", url.Values{"csrf_token": {csrf(t, p.get(home))}, "client_id": {"app"}})
	flash := *p.cookies["__Host-usher_flash_account"]
	if !flash.HttpOnly || !flash.Secure || flash.SameSite != http.SameSiteLaxMode || flash.MaxAge < 1 || flash.MaxAge > 600 {
		t.Errorf("the flash is %v", flash)
	}
	put := func(value string) {
		c := flash
		c.Value = value
		p.cookies[flash.Name] = &c
	}
	for name, value := range map[string]string{
		"changed": "x" + flash.Value, "without a MAC": strings.Split(flash.Value, ".")[0] + ".", "nothing": "", "no JSON": "AAAA." + strings.Split(flash.Value, ".")[1],
	} {
		if put(value); shown() {
			t.Errorf("%s: accepted", name)
		}
	}
	put(flash.Value)
	if strings.Contains(p.get("/signin?x").Body.String(), "is disconnected") || !shown() || shown() {
		t.Error("the flash is shown on another page, not at all, or twice")
	}
	put(flash.Value)
	session := p.cookies["__Host-usher_session"]
	p.cookies["__Host-usher_session"] = &http.Cookie{Name: session.Name, Value: secret.NewCode().Reveal()}
	if shown() {
		t.Error("a flash of one session is shown in another")
	}
}

func TestFault_A13_WellKnownAddressesOfBrowsersWork(t *testing.T) {
	p := newBrowser(t)
	for path, to := range map[string]string{"/account": "/signin?page=profile", "/.well-known/change-password": "/account/security", "/account/security": "/signin?page=security"} {
		wantRedirect(t, path, p.get(path), to)
	}
	if w := p.get("/favicon.ico"); w.Code != 200 || w.Header().Get("Content-Type") != "image/x-icon" {
		t.Errorf("the icon: %d %v", w.Code, w.Header())
	}
	send := func(method, path, accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "https://login.test"+path, nil)
		r.Header.Set("Accept", accept)
		return p.send(r)
	}
	for _, path := range []string{"/consent/decision", "/signout", "/account/connected-apps/disconnect"} {
		w := send(http.MethodGet, path, "text/html,application/xhtml+xml,*/*;q=0.8")
		wantPage(t, path, w, 405, "<!doctype html>", "This page cannot be opened this way")
		if w.Header().Get("Allow") != "POST" || strings.Count(w.Body.String(), "<a href=") != 1 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, w.Header())
		}
		if w := send(http.MethodGet, path, "*/*"); w.Code != 405 || strings.Contains(w.Body.String(), "<") || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s without text/html: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestFault_A13_SecurityTxtNamesTheContact(t *testing.T) {
	path := "/.well-known/security.txt"
	w := newBrowser(t).get(path)
	if w.Code != 404 || !strings.Contains(w.Body.String(), `"not_found"`) {
		t.Errorf("without a contact: %d %s", w.Code, w.Body)
	}
	config := gateway.DefaultConfig()
	config.SecurityContact = []string{"mailto:security@example.com", "https://example.com/security"}
	expires := time.Now().Add(30 * 24 * time.Hour).UTC().Truncate(time.Second)
	config.SecurityExpires = expires.Format(time.RFC3339)
	w = newBrowserWith(t, config).get(path)
	want := "Contact: mailto:security@example.com\nContact: https://example.com/security\nExpires: " + config.SecurityExpires +
		"\nCanonical: https://login.test/.well-known/security.txt\n"
	if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("RFC 9116: %d %v\n%s", w.Code, w.Header(), w.Body)
	}
	config.SecurityExpires = "2020-01-01T00:00:00Z"
	if w := newBrowserWith(t, config).get(path); w.Code != 404 {
		t.Errorf("expired: %d", w.Code)
	}
	for name, change := range map[string]func(*gateway.Config){
		"security_expires": func(c *gateway.Config) { c.SecurityExpires = "" },
		"security_contact": func(c *gateway.Config) { c.SecurityContact = []string{"security@example.com"} },
	} {
		bad := config
		if change(&bad); bad.Validate() == nil || !strings.Contains(bad.Validate().Error(), name) {
			t.Errorf("%s: %v", name, bad.Validate())
		}
	}
}

func TestFault_A16_ASignedInUserIsRedirectedToTheAccount(t *testing.T) {
	p := signedIn(t)
	wantRedirect(t, "/signin", p.get("/signin"), "/account/connected-apps")
	p.respond("GetSession", nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"))
	wantPage(t, "with a session that ended", p.get("/signin"), 200, `type="password"`)
	p.respond("GetSession", nil, oerr.Unavailable(nil))
	wantPage(t, "in an outage", p.get("/signin"), 503, "Nothing is lost")
}

func TestFault_A16_TheDemoShowsTheError(t *testing.T) {
	dev := newBrowser(t, func(d *gateway.Deps) { d.Development, d.PublicURL = true, "http://localhost:8080" })
	for _, code := range []string{"access_denied", "invalid_scope", "login_required"} {
		wantPage(t, code, dev.get("/demo/callback?error="+code+"&error_description=because+of+this"), 200,
			"The app received an error: <code>"+code+"</code>", "because of this")
	}
}

// During an upgrade, authz may run release 0.1, which does not implement LookUpAuthorization.
func TestResumeAuthorizationIsCalledWithRelease01(t *testing.T) {
	p, request := redirectedByClient(t)
	delete(p.services, "LookUpAuthorization")
	page := "/signin?request=" + request
	p.respond("ResumeAuthorization", &authzv1.ResumeAuthorizationResponse{
		Step: &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: request}}},
	}, nil)
	wantPage(t, "an open request", p.get(page), 200, `type="password"`, "<title>Sign in – ")
	p.respond("ResumeAuthorization", nil, oerr.New(errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "x"))
	wantPage(t, "a closed request", p.get(page), 400, "There is no such request")
	p.respond("ResumeAuthorization", nil, oerr.Unavailable(nil))
	wantPage(t, "an outage", p.get(page), 503, "Nothing is lost")
}
