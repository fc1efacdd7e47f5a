package gateway_test

import (
	"net/url"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// TestADecisionWithoutASessionSaysSoAtTheSignIn: signed out in another tab, or ended by a service.
func TestADecisionWithoutASessionSaysSoAtTheSignIn(t *testing.T) {
	const said = "You were signed out meanwhile, and nothing was changed."
	for name, decide := range map[string]string{"signed out": "approve", "ended": "approve", "ended before asking": "ask ws_1"} {
		p, request := signedIn(t), secret.NewCode().Reveal()
		page := "/signin?request=" + request
		form := url.Values{"csrf_token": {csrf(t, p.get("/consent?request="+request))}, "request": {request}, "decision": {decide}, "workspace_id": {"ws_1"}}
		for _, method := range []string{"Decide", "RequestApproval"} {
			p.respond(method, nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "x"))
		}
		p.respond("LookUpAuthorization", &authzv1.LookUpAuthorizationResponse{
			State: authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN, ClientName: "Example App",
			Step: &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: request}}},
		}, nil)
		if name == "signed out" {
			delete(p.cookies, "__Host-usher_session")
		}
		wantRedirect(t, name, p.post("/consent/decision", form), page)
		wantPage(t, name, p.get(page), 200, said, `name="password"`)
		wantNotIn(t, name+", once more", p.get(page).Body.String(), said)
	}
}
