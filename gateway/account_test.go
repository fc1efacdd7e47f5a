package gateway_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// withAccount returns a signed-in browser whose account can be read.
func withAccount(t *testing.T) browser {
	t.Helper()
	p := signedIn(t)
	session := &identityv1.Session{DisplayName: "John Doe", EmailAddress: "john@example.com", TimeZone: "Asia/Kolkata"}
	p.respond("GetProfile", &identityv1.GetProfileResponse{Session: session, Profile: &identityv1.Profile{FirstName: "John"}}, nil)
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: session}, nil)
	p.respond("ListSessions", &identityv1.ListSessionsResponse{Session: session}, nil)
	p.respond("ListAccountEvents", &identityv1.ListAccountEventsResponse{Session: session, Events: []*identityv1.AccountEvent{
		{Kind: identityv1.AccountEventKind_ACCOUNT_EVENT_KIND_SIGNED_IN, EventTime: timestamppb.New(time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC))},
		{Kind: 99, EventTime: timestamppb.New(time.Date(2026, 2, 1, 9, 5, 0, 0, time.UTC))},
	}}, nil)
	p.respond("ListAppEvents", &consentv1.ListAppEventsResponse{Events: []*consentv1.AppEvent{
		{Kind: consentv1.AppEventKind_APP_EVENT_KIND_REUSED, ClientId: "app", ClientName: "<b>App", EventTime: timestamppb.New(time.Date(2026, 2, 9, 9, 5, 0, 0, time.UTC))},
		{Kind: consentv1.AppEventKind_APP_EVENT_KIND_REVOKED, EventTime: timestamppb.New(time.Date(2026, 1, 9, 9, 5, 0, 0, time.UTC))},
	}}, nil)
	return p
}

func TestThePagesOfAnAccountFollowItsServices(t *testing.T) {
	for path, row := range map[string]struct{ method, signIn, shows string }{
		"/account":                {"GetProfile", "/signin?page=profile", `value="John"`},
		"/account/security":       {"GetSession", "/signin?page=security", `name="new_password"`},
		"/account/devices":        {"ListSessions", "/signin?page=devices", "<h1>Devices</h1>"},
		"/account/connected-apps": {"ListConnectedApps", "/signin", "<h1>Connected apps</h1>"},
		"/account/activity":       {"ListAccountEvents", "/signin?page=activity", "1 March 2026, 14:35 IST"},
	} {
		p := withAccount(t)
		w := p.get(path)
		wantPage(t, path, w, 200, row.shows, `href="`+path+`" aria-current="page"`, "Sign out")
		p.respond(row.method, nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"))
		wantRedirect(t, path+" without a session", p.get(path), row.signIn)
		p.respond(row.method, nil, oerr.Unavailable(nil))
		wantPage(t, path+" in an outage", p.get(path), 503, "We cannot answer right now.")
		delete(p.services, row.method) // release 0.1 does not implement it
		wantPage(t, path+" beside release 0.1", p.get(path), 503, "We cannot answer right now.")
	}
	p := withAccount(t)
	body := p.get("/account/activity").Body.String()
	at := func(text string) int { return strings.Index(body, text) }
	if first, second, third := at("You signed in"), at("&lt;b&gt;App</bdi> was disconnected because"), at("Your account was changed"); first < 0 || second < first || third < second {
		t.Errorf("the activity is not in its order: %s", body)
	}
	if !strings.Contains(body, "Every app was disconnected") {
		t.Errorf("the activity is %s", body)
	}
	delete(p.services, "ListAppEvents") // release 0.1
	wantPage(t, "the activity beside release 0.1", p.get("/account/activity"), 200, "You signed in")
}

// TestASignOutElsewhereEndsProgramsToo: the token service ends them and the sessions. It can be pressed
// also where no other browser is listed.
func TestASignOutElsewhereEndsProgramsToo(t *testing.T) {
	p := withAccount(t)
	var asked *tokenv1.SignOutElsewhereRequest
	p.services["SignOutElsewhere"] = func(req proto.Message) (proto.Message, error) {
		asked, _ = req.(*tokenv1.SignOutElsewhereRequest)
		return &tokenv1.SignOutElsewhereResponse{
			SessionToken: secret.NewCode().Reveal(), Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))},
		}, nil
	}
	const path = "/account/devices"
	page := p.get(path)
	wantPage(t, "the only device", page, 200, `action="/account/devices/end-others"`, "programs that signed in with your password")
	form := url.Values{"csrf_token": {csrf(t, page)}}
	before := p.cookies["__Host-usher_session"].Value
	wantRedirect(t, "the sign-out", p.post(path+"/end-others", form), path)
	if asked.GetSessionToken() != before || asked.GetSourceAddress() != "192.0.2.1" {
		t.Errorf("the service was called %v", asked)
	}
	wantPage(t, "the page after it", p.get(path), 200, "Every other device is signed out, and every program that signed in with your password.")
	delete(p.services, "SignOutElsewhere") // a process of an earlier release
	form.Set("csrf_token", csrf(t, p.get(path)))
	wantRedirect(t, "beside an earlier release", p.post(path+"/end-others", form), path)
	wantPage(t, "the page after that", p.get(path), 200, "We cannot answer right now.")
}

func TestAChangeOfThePasswordIsARedirectWithItsMessage(t *testing.T) {
	p := withAccount(t)
	const path = "/account/security"
	form := func() url.Values {
		return url.Values{"csrf_token": {csrf(t, p.get(path))}, "email": {"john@example.com"}, "old_password": {"sentinel old"}, "new_password": {"sentinel new"}, "sign_out_elsewhere": {"yes"}}
	}
	var sent *tokenv1.ChangePasswordRequest
	for name, row := range map[string]struct {
		res  *tokenv1.ChangePasswordResponse
		err  error
		text string
	}{
		"short":      {&tokenv1.ChangePasswordResponse{Fault: identityv1.PasswordFault_PASSWORD_FAULT_SHORT}, nil, "at least 12 characters"},
		"long":       {&tokenv1.ChangePasswordResponse{Fault: identityv1.PasswordFault_PASSWORD_FAULT_LONG}, nil, "is too long"},
		"characters": {&tokenv1.ChangePasswordResponse{Fault: identityv1.PasswordFault_PASSWORD_FAULT_CHARACTERS}, nil, "an invisible one"},
		"unchanged":  {&tokenv1.ChangePasswordResponse{Fault: identityv1.PasswordFault_PASSWORD_FAULT_UNCHANGED}, nil, "is the current one"},
		"address":    {&tokenv1.ChangePasswordResponse{Fault: identityv1.PasswordFault_PASSWORD_FAULT_EMAIL_ADDRESS}, nil, "is your e-mail address"},
		"wrong":      {nil, oerr.New(errorv1.Reason_REASON_INVALID_CREDENTIALS, "x"), "The current password is wrong."},
		"limited":    {nil, oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "x", oerr.WithRetryAfter(time.Hour)), " IST (in 60 minutes)."},
		"outage":     {nil, oerr.Unavailable(nil), "We cannot answer right now."},
	} {
		p.services["ChangePassword"] = func(req proto.Message) (proto.Message, error) {
			sent, _ = req.(*tokenv1.ChangePasswordRequest)
			return row.res, row.err
		}
		wantRedirect(t, name, p.post(path, form()), path)
		wantPage(t, name, p.get(path), 200, row.text, "<title>Error: Sign-in and security")
		if again := p.get(path).Body.String(); strings.Contains(again, row.text) && name != "short" {
			t.Errorf("%s is shown twice: %s", name, again)
		}
		if !sent.GetSignOutElsewhere() || sent.GetOldPassword() != "sentinel old" || sent.GetNewPassword() != "sentinel new" {
			t.Errorf("%s: token was asked %v", name, sent.GetSignOutElsewhere())
		}
	}
	delete(p.services, "ChangePassword") // release 0.1 does not implement it
	wantRedirect(t, "beside release 0.1", p.post(path, form()), path)
	wantPage(t, "beside release 0.1", p.get(path), 200, "We cannot answer right now.")
	p.respond("ChangePassword", &tokenv1.ChangePasswordResponse{
		SessionToken: secret.NewCode().Reveal(), Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))},
	}, nil)
	before := p.cookies["__Host-usher_session"].Value
	wantRedirect(t, "the change", p.post(path, form()), path)
	wantPage(t, "the change", p.get(path), 200, "Your password is changed.")
	if p.cookies["__Host-usher_session"].Value == before {
		t.Error("the session is the same")
	}
	// The second of two clicks is checked while the first one changes the password and the session.
	second, current := form(), p.services["GetSession"]
	p.respond("ChangePassword", nil, oerr.New(errorv1.Reason_REASON_INVALID_CREDENTIALS, "x"))
	p.respond("GetSession", nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"))
	p.respond("AuthenticateUser", &identityv1.AuthenticateUserResponse{
		SessionToken: secret.NewCode().Reveal(), Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))},
	}, nil)
	wantRedirect(t, "the second click", p.post(path, second), path)
	p.services["GetSession"] = current
	wantPage(t, "the second click", p.get(path), 200, "Your password is changed.")
	if log := p.logs.String(); strings.Contains(log, "sentinel") {
		t.Errorf("the log has a password: %s", log)
	}
}

// TestASecondClickAfterTheFirstResponseSaysThatThePasswordIsChanged: the browser has the new session
// already, and still shows the form of the one before.
func TestASecondClickAfterTheFirstResponseSaysThatThePasswordIsChanged(t *testing.T) {
	p := withAccount(t)
	const path = "/account/security"
	changes := 0
	p.services["ChangePassword"] = func(proto.Message) (proto.Message, error) {
		changes++
		return &tokenv1.ChangePasswordResponse{
			SessionToken: secret.NewCode().Reveal(), Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))},
		}, nil
	}
	newForm := func() url.Values {
		page := p.get(path)
		return url.Values{"csrf_token": {csrf(t, page)}, "form": {field(t, page, "form")}, "old_password": {"x"}, "new_password": {"y"}}
	}
	older := newForm()
	p.cookies["__Host-usher_session"] = &http.Cookie{Name: "__Host-usher_session", Value: secret.NewCode().Reveal()} // signed in again
	other, form := newForm(), newForm()                                                                              // in another tab, opened before
	wantRedirect(t, "the first click", p.post(path, form), path)
	for range 2 { // before the page that follows, and after its response deleted the message
		wantRedirect(t, "the second click", p.post(path, form), path)
		wantPage(t, "the second click", p.get(path), 200, "Your password is changed.")
	}
	wantRedirect(t, "the other tab", p.post(path, other), path)
	wantPage(t, "the other tab", p.get(path), 200, "Please confirm once more.")
	unnamed := maps.Clone(form)
	unnamed.Del("form")
	wantRedirect(t, "a form without its value", p.post(path, unnamed), path)
	wantPage(t, "a form without its value", p.get(path), 200, "Please confirm once more.")
	wantRedirect(t, "a form of another session", p.post(path, older), path)
	wantPage(t, "a form of another session", p.get(path), 200, "Please confirm once more.")
	p.cookies["__Host-usher_session"] = &http.Cookie{Name: "__Host-usher_session", Value: secret.NewCode().Reveal()}
	wantRedirect(t, "the form after another sign-in", p.post(path, form), path)
	wantPage(t, "the form after another sign-in", p.get(path), 200, "Please confirm once more.")
	if changes != 1 {
		t.Errorf("the password was changed %d times", changes)
	}
}

// TestNoCookieTellsWhetherAPasswordWasGuessed: a browser keeps its cookies in a file, beside the value that
// they are made with.
func TestNoCookieTellsWhetherAPasswordWasGuessed(t *testing.T) {
	p := withAccount(t)
	const path = "/account/security"
	session := secret.NewCode().Reveal()
	p.services["ChangePassword"] = func(proto.Message) (proto.Message, error) {
		return &tokenv1.ChangePasswordResponse{SessionToken: session, Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))}}, nil
	}
	page := p.get(path)
	before := maps.Clone(p.cookies)
	form := url.Values{"csrf_token": {csrf(t, page)}, "form": {field(t, page, "form")}, "old_password": {"x"}, "new_password": {"y"}}
	var recorded []string
	for _, password := range []string{"y", "z"} {
		p.cookies = maps.Clone(before)
		form.Set("new_password", password)
		wantRedirect(t, password, p.post(path, form), path)
		recorded = append(recorded, p.cookies["__Host-usher_submitted"].Value)
	}
	if recorded[0] == "" || recorded[0] != recorded[1] {
		t.Errorf("another password makes another cookie: %q", recorded)
	}
}

func TestAFormOfAnAccountNeedsItsToken(t *testing.T) {
	for path, form := range map[string]url.Values{
		"/account": {"display_name": {"x"}}, "/account/security": {"old_password": {"x"}, "new_password": {"y"}},
	} {
		p := withAccount(t)
		wantPage(t, path, p.post(path, form), http.StatusForbidden, "Nothing was done.")
		form.Set("csrf_token", "another")
		wantRedirect(t, path, p.post(path, form), path)
		wantPage(t, path, p.get(path), 200, "Please confirm once more.")
		delete(p.cookies, "__Host-usher_session")
		if w := p.post(path, form); !strings.HasPrefix(w.Header().Get("Location"), "/signin?page=") {
			t.Errorf("%s without a session: %d %v", path, w.Code, w.Header())
		}
	}
}
