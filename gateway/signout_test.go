package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// TestASignOutLeavesNothingOfTheUserInTheBrowser: a run of the playground has tokens, and a flash a new
// client secret.
func TestASignOutLeavesNothingOfTheUserInTheBrowser(t *testing.T) {
	user := &identityv1.GetSessionResponse{Session: &identityv1.Session{DisplayName: "John Doe"}}
	for name, end := range map[string]func(p browser) *httptest.ResponseRecorder{
		"a sign-out": func(p browser) *httptest.ResponseRecorder {
			return p.post("/signout", url.Values{"csrf_token": {csrf(t, p.get("/account/connected-apps"))}})
		},
		"a logout": func(p browser) *httptest.ResponseRecorder {
			return p.post("/oauth/logout/decision", url.Values{"csrf_token": {csrf(t, p.get("/oauth/logout"))}, "decision": {"logout"}})
		},
		"a logout by a client": func(p browser) *httptest.ResponseRecorder {
			p.respond("CheckIdTokenHint", &tokenv1.CheckIdTokenHintResponse{ClientId: "vdo_client_x"}, nil)
			p.respond("CheckLogout", &authzv1.CheckLogoutResponse{Location: "https://app.test/out", SameSession: true}, nil)
			return p.get("/oauth/logout?id_token_hint=x")
		},
		"another account": func(p browser) *httptest.ResponseRecorder {
			return p.post("/device", url.Values{"csrf_token": {csrf(t, p.get("/device"))}, "decision": {"switch"}})
		},
		"a sign-in": func(p browser) *httptest.ResponseRecorder {
			p.respond("GetSession", nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"))
			p.respond("AuthenticateUser", &identityv1.AuthenticateUserResponse{
				SessionToken: secret.NewCode().Reveal(), Session: &identityv1.Session{ExpireTime: timestamppb.New(time.Now().Add(time.Hour))},
			}, nil)
			return p.post("/signin", url.Values{"csrf_token": {csrf(t, p.get("/signin"))}, "email": {"a@a.test"}, "password": {"x"}})
		},
	} {
		p := signedInWith(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.OpenID = true })
		p.respond("GetSession", user, nil)
		p.respond("CheckLogout", &authzv1.CheckLogoutResponse{}, nil)
		p.respond("EndSession", &identityv1.EndSessionResponse{}, nil)
		for _, cookie := range []string{"usher_playground", "usher_flash_account", "usher_flash_account_secret"} {
			p.cookies["__Host-"+cookie] = &http.Cookie{Name: "__Host-" + cookie, Value: "of-a-user"}
		}
		if w := end(p); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		for cookie, kept := range p.cookies {
			if strings.Contains(kept.Value, "of-a-user") {
				t.Errorf("%s: the browser keeps %s", name, cookie)
			}
		}
	}
}
