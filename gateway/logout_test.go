package gateway_test

import (
	"net/url"
	"testing"

	"github.com/vidocu/usher/gateway"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

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
