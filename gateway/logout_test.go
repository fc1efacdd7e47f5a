package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// TestALogoutRequestThatCannotBeReadSaysWhy, in its address and in a form.
func TestALogoutRequestThatCannotBeReadSaysWhy(t *testing.T) {
	p := signedInWith(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.OpenID = true })
	for sent, want := range map[string]string{"state=SENT;x": "a semicolon in it is not percent-encoded", "state=SENT%zz": "two hexadecimal digits"} {
		posted := httptest.NewRequest(http.MethodPost, "https://login.test/oauth/logout", strings.NewReader(sent))
		posted.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, w := range []*httptest.ResponseRecorder{p.get("/oauth/logout?" + sent), p.send(posted)} {
			if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, want) || strings.Contains(body, "SENT") {
				t.Errorf("%s: %d %s", sent, w.Code, body)
			}
		}
	}
}

// TestALogoutSaysWhatBecameOfTheApps, even where the session had ended before they could be disconnected.
func TestALogoutSaysWhatBecameOfTheApps(t *testing.T) {
	const keep, ended, none = "Apps that you connected keep their access: signing out does not end it.", "Every app that you connected is disconnected.", "no app was disconnected"
	for name, row := range map[string]struct {
		decision string
		err      error
		shows    string
	}{
		"only this session":          {"logout", nil, keep},
		"and every app":              {"logout_all", nil, ended},
		"of a session that is over":  {"logout_all", oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"), none},
		"only this, though it ended": {"logout", oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"), keep},
	} {
		p := signedInWith(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.OpenID = true })
		p.respond("GetSession", &identityv1.GetSessionResponse{Session: &identityv1.Session{DisplayName: "John Doe"}}, nil)
		p.respond("CheckLogout", &authzv1.CheckLogoutResponse{}, nil)
		p.respond("EndSession", &identityv1.EndSessionResponse{}, nil)
		p.respond("DisconnectAllApps", &consentv1.DisconnectAllAppsResponse{}, row.err)
		form := url.Values{"csrf_token": {csrf(t, p.get("/oauth/logout"))}, "decision": {row.decision}}
		wantRedirect(t, name, p.post("/oauth/logout/decision", form), "/oauth/logout")
		wantPage(t, name, p.get("/oauth/logout"), 200, "You are signed out", row.shows)
		wantPage(t, name+", later", p.get("/oauth/logout"), 200, keep)
	}
}

// TestABrowserThatGoesAwaySignsOutOfEverything: neither the clients nor the session stay.
func TestABrowserThatGoesAwaySignsOutOfEverything(t *testing.T) {
	p := signedInWith(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.OpenID = true })
	ctx, leave := context.WithCancel(t.Context())
	p.respond("CheckLogout", &authzv1.CheckLogoutResponse{}, nil)
	ended := false
	p.services["DisconnectAllApps"] = func(proto.Message) (proto.Message, error) {
		leave()
		return &consentv1.DisconnectAllAppsResponse{}, nil
	}
	p.services["EndSession"] = func(proto.Message) (proto.Message, error) {
		ended = true
		return &identityv1.EndSessionResponse{}, nil
	}
	form := url.Values{"csrf_token": {csrf(t, p.get("/oauth/logout"))}, "decision": {"logout_all"}}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "https://login.test/oauth/logout/decision", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p.send(r); ctx.Err() == nil || !ended {
		t.Errorf("the browser went away: %v, the session ended: %t", ctx.Err(), ended)
	}
}

// TestOIDCRPInitiatedLogout_2_AForeignFormNeverGoesOnWithoutItsSession: a browser sends no session cookie
// with the form of another site. It is redirected to GET with the parameters that are read, and where these
// are too long for an address, the page says so and not that the user is signed out.
func TestOIDCRPInitiatedLogout_2_AForeignFormNeverGoesOnWithoutItsSession(t *testing.T) {
	long := strings.Repeat("x", 7<<10)
	for name, row := range map[string]struct {
		form     url.Values
		status   int
		location string
	}{
		"a long parameter that is not read": {url.Values{"state": {"s"}, "ui_locales": {"de"}, "logout_hint": {long}}, http.StatusSeeOther, "/oauth/logout?state=s&ui_locales=de"},
		"a long state":                      {url.Values{"state": {long}}, http.StatusRequestEntityTooLarge, ""},
		"a long hint":                       {url.Values{"id_token_hint": {long}}, http.StatusRequestEntityTooLarge, ""},
		"long locales":                      {url.Values{"ui_locales": {long}}, http.StatusRequestEntityTooLarge, ""},
		"a parameter twice":                 {url.Values{"state": {"a", "b"}}, http.StatusBadRequest, ""},
	} {
		p := newBrowser(t, func(d *gateway.Deps) { d.OpenID = true })
		w := p.post("/oauth/logout", row.form)
		if w.Code != row.status || w.Header().Get("Location") != row.location || strings.Contains(w.Body.String(), "You are signed out") {
			t.Errorf("%s: %d to %q: %s", name, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	p := signedInWith(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.OpenID = true })
	if w := p.post("/oauth/logout", url.Values{"state": {long}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Sign out?") {
		t.Errorf("a long form of our own site, with the session: %d %s", w.Code, w.Body)
	}
}

// TestRFC9700_4_11_2_ALogoutLeadsToAnUnverifiedClientByAClickOnly where no user of the browser's session has
// approved it: its link would make the server an open redirector.
func TestRFC9700_4_11_2_ALogoutLeadsToAnUnverifiedClientByAClickOnly(t *testing.T) {
	const request, out = "/oauth/logout?id_token_hint=x&post_logout_redirect_uri=https://app.test/out", "https://app.test/out?state=1"
	for name, signedIn := range map[string]bool{"with a session": true, "without": false} {
		for _, unverified := range []bool{true, false} {
			p := signedInWith(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.OpenID = true })
			if !signedIn {
				delete(p.cookies, "__Host-usher_session")
			}
			p.respond("CheckIdTokenHint", &tokenv1.CheckIdTokenHintResponse{ClientId: "vdo_client_x"}, nil)
			p.respond("CheckLogout", &authzv1.CheckLogoutResponse{ClientName: "App", Location: out, SameSession: signedIn, Unverified: unverified}, nil)
			p.respond("EndSession", &identityv1.EndSessionResponse{}, nil)
			w := p.get(request)
			if !unverified || signedIn {
				wantRedirect(t, name, w, out)
				continue
			}
			wantPage(t, name, w, 200, "You are signed out", "Nobody here has checked the app", "Return to app.test")
			if p.cookies["__Host-usher_session"] != nil {
				t.Errorf("%s: the session cookie stays", name)
			}
			form := url.Values{"csrf_token": {csrf(t, w)}, "decision": {"return"}, "id_token_hint": {field(t, w, "id_token_hint")}, "post_logout_redirect_uri": {"https://app.test/out"}}
			wantRedirect(t, name+", clicked", p.post("/oauth/logout/decision", form), out)
			form.Set("csrf_token", "x")
			if w := p.post("/oauth/logout/decision", form); w.Header().Get("Location") == out {
				t.Errorf("%s: a form of another site leads to the client", name)
			}
		}
	}
}
