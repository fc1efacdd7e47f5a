package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// refusedFor is the state of a refused request whose client returns at an address.
func refusedFor(request, origin, location string) *authzv1.LookUpAuthorizationResponse {
	return &authzv1.LookUpAuthorizationResponse{
		State: authzv1.AuthorizationState_AUTHORIZATION_STATE_REFUSED, ClientName: "Strange <App>", RedirectOrigin: origin, ReturnLocation: location,
		Fault: "the parameter scope has 'videos:raed'",
		Step: &authzv1.Step{
			Next:    &authzv1.Step_ReturnPage{ReturnPage: &authzv1.ReturnPage{RequestId: request}},
			Refusal: &authzv1.Refusal{Cause: errorv1.Cause_CAUSE_SCOPE_UNKNOWN, ClientId: "vdo_client_a"},
		},
	}
}

// TestRFC9700_4_11_2_ARefusalIsAPageWithAButton for clients on a server and on the user's
// device: the button is a form, whose redirect has the address that authz names.
func TestRFC9700_4_11_2_ARefusalIsAPageWithAButton(t *testing.T) {
	for origin, row := range map[string]struct{ location, target, button string }{
		"https://app.test":         {"https://app.test/cb?error=invalid_scope&state=s", "app.test", "Return to app.test"},
		"http://localhost:8080":    {"http://localhost:8080/cb?error=invalid_scope", "localhost:8080", "Return to localhost:8080"},
		"com.example.app:":         {"com.example.app:/cb?error=invalid_scope", "com.example.app", "Return to the app on this device (com.example.app)"},
		"cursor://anysphere.mcp":   {"cursor://anysphere.mcp/cb?error=invalid_scope", "cursor", "Return to the app on this device (cursor)"},
		"https://[2001:db8::1]:80": {"https://[2001:db8::1]:80/cb?error=invalid_scope", "[2001:db8::1]:80", "Return to [2001:db8::1]:80"},
	} {
		p, request := signedIn(t), secret.NewCode().Reveal()
		page := "/signin?request=" + request
		found := refusedFor(request, origin, row.location)
		p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{Step: found.GetStep()}, nil)
		p.respond("LookUpAuthorization", found, nil)
		wantRedirect(t, origin, p.get("/oauth/authorize?client_id=x"), page)
		w := p.get(page)
		wantPage(t, origin, w, 400, "Strange &lt;App&gt;", "return to ", row.target, row.button, "&#39;videos:raed&#39;",
			"Nothing was shared with the app.", "Reference:", `name="decision" value="return"`, `action="/consent/decision"`)
		if strings.Contains(w.Body.String(), row.location) || strings.Contains(w.Body.String(), `href="`+origin) {
			t.Errorf("%s: the page has a link to the app", origin)
		}
		form := url.Values{"csrf_token": {csrfField.FindStringSubmatch(w.Body.String())[1]}, "request": {request}, "decision": {"return"}}
		w = p.post("/consent/decision", form)
		wantRedirect(t, origin, w, row.location)
		if w.Header().Get("Referrer-Policy") != "no-referrer" || w.Body.Len() != 0 {
			t.Errorf("%s: the redirect has %v and a body of %d bytes", origin, w.Header(), w.Body.Len())
		}
	}
}

// The button works for the browser that was shown it, and only there.
func TestTheButtonThatReturnsIsNotForgeable(t *testing.T) {
	p, request := signedIn(t), secret.NewCode().Reveal()
	const location = "https://app.test/cb?error=invalid_scope"
	p.respond("LookUpAuthorization", refusedFor(request, "https://app.test", location), nil)
	token := csrfField.FindStringSubmatch(p.get("/signin?request=" + request).Body.String())[1]
	form := url.Values{"csrf_token": {token}, "request": {request}, "decision": {"return"}, "location": {"https://evil.test"}, "workspace_id": {""}}
	for what, changed := range map[string]url.Values{
		"no token":          {"request": {request}, "decision": {"return"}},
		"a forged token":    {"request": {request}, "decision": {"return"}, "csrf_token": {"x" + token}},
		"another request's": {"request": {secret.NewCode().Reveal()}, "decision": {"return"}, "csrf_token": {token}},
	} {
		if w := p.post("/consent/decision", changed); strings.Contains(w.Header().Get("Location"), "app.test") {
			t.Errorf("%s: %d to %q", what, w.Code, w.Header().Get("Location"))
		}
	}
	w := p.program(http.MethodPost, "/consent/decision", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site")
	if w.Code != http.StatusForbidden {
		t.Errorf("a form of another site gets %d", w.Code)
	}
	wantRedirect(t, "the form itself", p.post("/consent/decision", form), location)
	p.respond("LookUpAuthorization", nil, oerr.Unavailable(nil))
	wantRedirect(t, "authz is down", p.post("/consent/decision", form), "/consent?request="+request)
	p.respond("LookUpAuthorization", refusedFor(request, "https://app.test", ""), nil)
	wantRedirect(t, "the address was withdrawn", p.post("/consent/decision", form), "/signin?request="+request)
	if w := p.get("/signin?request=" + request); strings.Contains(w.Body.String(), "Return to") || w.Code != 400 {
		t.Errorf("the page of a withdrawn address: %d %s", w.Code, w.Body)
	}
}

// TestRFC9700_4_11_2_ADenialIsAPageWithAButton where the client is not verified, and a redirect where
// it is.
func TestRFC9700_4_11_2_ADenialIsAPageWithAButton(t *testing.T) {
	const location = "https://app.test/cb?error=access_denied"
	denied := &authzv1.LookUpAuthorizationResponse{
		State: authzv1.AuthorizationState_AUTHORIZATION_STATE_DENIED, ClientName: "Strange App", RedirectOrigin: "https://app.test",
	}
	for _, verified := range []bool{false, true} {
		p, request := signedIn(t), secret.NewCode().Reveal()
		p.services["Decide"] = func(proto.Message) (proto.Message, error) { return &consentv1.DecideResponse{Location: location}, nil }
		if denied.ReturnLocation = location; verified {
			denied.ReturnLocation = ""
		}
		form := url.Values{"csrf_token": {csrf(t, p.get("/consent?request="+request))}, "request": {request}, "decision": {"deny"}}
		p.respond("LookUpAuthorization", denied, nil)
		w := p.post("/consent/decision", form)
		if verified {
			wantRedirect(t, "a verified client", w, location)
			continue
		}
		wantRedirect(t, "a client that is not verified", w, "/signin?request="+request)
		delete(p.cookies, "__Host-usher_session") // also for a user who cancelled without a session
		w = p.get("/signin?request=" + request)
		wantPage(t, "the denial", w, 200, "You denied this request", "You answered no.", "Return to app.test")
		wantNotIn(t, "the denial", w.Body.String(), "answered already")
		form = url.Values{"csrf_token": {csrf(t, w)}, "request": {request}, "decision": {"return"}}
		wantRedirect(t, "the button", p.post("/consent/decision", form), location)
		p.respond("LookUpAuthorization", nil, oerr.Unavailable(nil))
		form.Set("decision", "deny")
		if w := p.post("/consent/decision", form); strings.Contains(w.Header().Get("Location"), "app.test") {
			t.Errorf("authz is down: %d to %q", w.Code, w.Header().Get("Location"))
		}
	}
}

func TestRFC9700_2_6_NoOtherSiteReadsTheAuthorizationEndpoint(t *testing.T) {
	p := newBrowser(t)
	recordQueries(t, p)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, w := range []http.Header{
			p.program(http.MethodOptions, "/oauth/authorize", "", preflight(method)...).Header(),
			p.program(method, "/oauth/authorize", "client_id=app", "Origin", "https://app.test", "Content-Type", "application/x-www-form-urlencoded").Header(),
		} {
			for name := range w {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s: the response has %s", method, name)
				}
			}
		}
	}
}
