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

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// atDevice returns a signed-in browser and the CSRF token of the page for devices.
func atDevice(t *testing.T) (p browser, token string) {
	t.Helper()
	p = signedIn(t)
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: &identityv1.Session{DisplayName: "John <b>", EmailAddress: "john@example.com"}}, nil)
	return p, csrf(t, p.get("/device"))
}

// TestN9_7_ThePageOfACodeCallsNothing but the session: it neither claims nor looks up.
func TestN9_7_ThePageOfACodeCallsNothing(t *testing.T) {
	p, _ := atDevice(t)
	p.services["ClaimDeviceAuthorization"] = func(proto.Message) (proto.Message, error) {
		t.Error("a GET claims the request")
		return nil, errors.New("x")
	}
	w := p.get("/device?user_code=wdjbmjht")
	wantPage(t, "the page", w, 200, "WDJB-MJHT", "My device shows this code", "John &lt;b&gt;", "<title>Connect a device")
	if h := w.Header(); !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("the headers are %v", h)
	}
}

func TestN9_4_TheCodeSurvivesTheSignIn(t *testing.T) {
	p := newBrowser(t)
	signIn := "/signin?device=WDJB-MJHT"
	wantRedirect(t, "signed out", p.get("/device?user_code=wdjb+mjht"), signIn)
	wantRedirect(t, "a text that is no code", p.get("/device?user_code=call+555"), "/signin?device=")
	page := p.get(signIn)
	wantPage(t, "the sign-in page", page, 200, "to connect a device", `action="/signin?device=WDJB-MJHT"`)
	form := url.Values{"csrf_token": {csrf(t, page)}, "email": {"john@example.com"}, "password": {"x"}}
	p.respond("AuthenticateUser", nil, oerr.New(errorv1.Reason_REASON_INVALID_CREDENTIALS, "x"))
	wantRedirect(t, "a wrong password", p.post(signIn, form), signIn)
	wantPage(t, "the sign-in page", p.get(signIn), 200, "the password is wrong", "to connect a device")
	p.respond("AuthenticateUser", &identityv1.AuthenticateUserResponse{
		SessionToken: secret.NewCode().Reveal(), Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))},
	}, nil)
	wantRedirect(t, "the right password", p.post(signIn, form), "/device?user_code=WDJB-MJHT")
	p.respond("GetSession", nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"))
	wantRedirect(t, "a session that ended", p.get("/device?user_code=WDJB-MJHT"), signIn)
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: &identityv1.Session{}}, nil)
	wantRedirect(t, "signed in already", p.get(signIn), "/device?user_code=WDJB-MJHT")
	wantRedirect(t, "the cookies' check", p.get("/cookie-check?page=signin&device=WDJB-MJHT"), signIn)
	wantRedirect(t, "the cookies' check", p.get("/cookie-check?page=device&device=WDJB-MJHT"), "/device?user_code=WDJB-MJHT")
}

func TestN9_4_ACodeGoesOnToTheConsentPage(t *testing.T) {
	p, token := atDevice(t)
	request := secret.NewCode().Reveal()
	var claimed *authzv1.ClaimDeviceAuthorizationRequest
	p.services["ClaimDeviceAuthorization"] = func(req proto.Message) (proto.Message, error) {
		claimed, _ = req.(*authzv1.ClaimDeviceAuthorizationRequest)
		return &authzv1.ClaimDeviceAuthorizationResponse{Step: &authzv1.Step{Next: &authzv1.Step_Consent{Consent: &authzv1.Consent{RequestId: request}}}}, nil
	}
	form := url.Values{"csrf_token": {token}, "user_code": {"wdjb mjht"}}
	wantRedirect(t, "a code", p.post("/device", form), "/consent?request="+request)
	if claimed.GetUserCode() != "wdjb mjht" || claimed.GetSessionToken() == "" || claimed.GetBrowserToken() == "" || claimed.GetSourceAddress() == "" {
		t.Errorf("authz gets %v", claimed)
	}
	p.respond("GetPrompt", &consentv1.GetPromptResponse{ClientName: "Example TV App", Device: &consentv1.Device{
		SourceAddress: "2001:db8::1", RequestTime: timestamppb.New(time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)),
	}}, nil)
	w := p.get("/consent?request=" + request)
	wantPage(t, "the consent page", w, 200, "You are connecting a device. Only go on if you are holding it.", "<code class=\"id\">2001:db8::1</code>",
		"1 March 2026, 09:05 UTC", "The device receives your answer by itself.")
	if strings.Contains(w.Body.String(), "takes you to") || strings.Contains(w.Body.String(), "an app on this device") {
		t.Errorf("the page names a destination: %s", w.Body)
	}
	p.respond("Decide", &consentv1.DecideResponse{}, nil)
	decision := url.Values{"csrf_token": {csrf(t, w)}, "request": {request}, "decision": {"approve"}, "workspace_id": {"ws_acme"}}
	for range 2 {
		wantRedirect(t, "the decision", p.post("/consent/decision", decision), "/consent?request="+request)
	}
	wantRedirect(t, "another account", func() *httptest.ResponseRecorder {
		p.respond("EndSession", &identityv1.EndSessionResponse{}, nil)
		form.Set("decision", "switch")
		return p.post("/device", form)
	}(), "/signin?device=WDJB-MJHT")
}

func TestN9_3_AWrongCodeIsShownAgain(t *testing.T) {
	for text, err := range map[string]error{
		"No device waits with this code.":             oerr.Refuse(errorv1.Cause_CAUSE_USER_CODE_UNKNOWN, "x"),
		"There were too many attempts. Try again at ": oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "x", oerr.WithRetryAfter(time.Minute)),
		"We cannot answer right now.":                 oerr.Unavailable(nil),
		"Something went wrong on our side.":           errors.New("x"),
	} {
		p, token := atDevice(t)
		p.respond("ClaimDeviceAuthorization", nil, err)
		w := p.post("/device", url.Values{"csrf_token": {token}, "user_code": {`x"><script>`}})
		wantRedirect(t, text, w, "/device")
		wantPage(t, text, p.get("/device"), 200, text, `value="x&#34;&gt;&lt;script&gt;"`, `role="alert"`, "<title>Error: Connect a device")
		if again := p.get("/device"); strings.Contains(again.Body.String(), text) {
			t.Errorf("%s is shown after a reload", text)
		}
	}
	p, token := atDevice(t)
	if w := p.post("/device", url.Values{"user_code": {"WDJB-MJHT"}}); w.Code != http.StatusForbidden {
		t.Errorf("a form without a token: %d", w.Code)
	}
	wantRedirect(t, "a form of another session", p.post("/device", url.Values{"csrf_token": {"x" + token}, "user_code": {"WDJB-MJHT"}}), "/device")
	wantPage(t, "the form again", p.get("/device"), 200, "Please confirm once more.")
	p.respond("ClaimDeviceAuthorization", nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"))
	wantRedirect(t, "a session that ended", p.post("/device", url.Values{"csrf_token": {token}, "user_code": {"WDJB-MJHT"}}), "/signin?device=WDJB-MJHT")
}
