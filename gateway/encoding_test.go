package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// TestBadInput_BytesThatAreNotUTF8: an address with such bytes, percent-encoded, is the client's mistake and
// never an error of the server: no 5xx, and no line in the log.
func TestBadInput_BytesThatAreNotUTF8(t *testing.T) {
	p := signedInWith(t, gateway.DefaultConfig(), func(d *gateway.Deps) { d.OpenID, d.Registration, d.Activity = true, true, d.Token })
	for _, method := range []string{"CheckIdTokenHint", "CheckLogout", "ListAccountEvents", "ListEvents", "GetRegistration", "GetUser"} {
		p.services[method] = func(proto.Message) (proto.Message, error) {
			t.Errorf("%s was called", method)
			return nil, nil
		}
	}
	p.respond("ListWorkspaceMembers", &identityv1.ListWorkspaceMembersResponse{}, nil)
	p.respond("GetApp", &authzv1.GetAppResponse{App: &authzv1.OwnedClient{}, Session: &identityv1.Session{}}, nil)
	p.respond("StartAuthorization", &authzv1.StartAuthorizationResponse{Step: &authzv1.Step{Next: &authzv1.Step_ErrorPage{
		ErrorPage: &authzv1.ErrorPage{Message: "The app's request is wrongly encoded."},
	}}}, nil) // authz has a parser of its own for the raw query
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: &identityv1.Session{}, Workspaces: &identityv1.WorkspaceList{
		Workspaces: []*identityv1.Workspace{{WorkspaceId: "ws_1", Role: identityv1.Role_ROLE_ADMINISTRATOR}},
	}}, nil)
	for address, status := range map[string]int{
		"/oauth/authorize?client_id=app&id_token_hint=%ff":         http.StatusBadRequest,
		"/oauth/authorize?client_id=app&id_token_hint=a.b.c%c3%28": http.StatusBadRequest,
		"/oauth/logout?id_token_hint=%ff":                          http.StatusBadRequest,
		"/oauth/logout?client_id=%ff":                              http.StatusBadRequest,
		"/account/activity?after=%ff":                              http.StatusSeeOther,
		"/account/activity?from=%ff":                               http.StatusSeeOther,
		"/workspaces/ws_1/activity?after=%ff":                      0,
		"/workspaces/%ff/activity":                                 http.StatusNotFound,
		"/developers/apps/app/requests?endpoint=%ff":               http.StatusSeeOther,
		"/developers/apps/app/requests?page=%ff&cause=%ff":         http.StatusSeeOther,
		"/developers/apps/app/requests/json?request_id=%ff":        http.StatusBadRequest,
		"/device?user_code=%ff":                                    http.StatusOK,
		"/signin?request=%ff":                                      0,
		"/consent?request=%ff":                                     0,
		"/api/v1/user/%ff":                                         http.StatusBadRequest,
		"/account/connected-apps?find=%ff":                         http.StatusOK,
	} {
		p.logs.Reset()
		w := p.get(address)
		if w.Code >= http.StatusInternalServerError || status != 0 && w.Code != status || strings.Contains(p.logs.String(), "level=WARN") {
			t.Errorf("%s: %d, want %d; the log has %s", address, w.Code, status, p.logs)
		}
	}
}

// TestRFC6750_2_2_ATokenInABodyHasTheCharactersOfAToken: any other string is not a token of this server,
// and is not looked up.
func TestRFC6750_2_2_ATokenInABodyHasTheCharactersOfAToken(t *testing.T) {
	p := newBrowser(t, func(d *gateway.Deps) { d.OpenID = true })
	p.services["GetUserInfo"] = func(req proto.Message) (proto.Message, error) {
		sent, _ := req.(*tokenv1.GetUserInfoRequest)
		if sent.GetAccessToken() != "vdo_oat_known" {
			t.Errorf("UserInfo looks up %q", sent.GetAccessToken())
		}
		return &tokenv1.GetUserInfoResponse{Sub: "usr_1"}, nil
	}
	for token, status := range map[string]int{"vdo_oat_known": http.StatusOK, "\xff": http.StatusUnauthorized, "vdo_oat_\xc3(": http.StatusUnauthorized, "a b": http.StatusUnauthorized} {
		w := p.post("/oauth/userinfo", url.Values{"access_token": {token}})
		if w.Code != status || status != http.StatusOK && !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%q: %d %v %s", token, w.Code, w.Header(), w.Body)
		}
		if strings.Contains(p.logs.String(), "level=WARN") {
			t.Errorf("%q: the log has %s", token, p.logs)
		}
	}
}
