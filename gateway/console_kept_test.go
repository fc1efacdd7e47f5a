package gateway_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// keptForm is a form of the console or of a workspace whose RPC fails, and what its page shows again.
type keptForm struct {
	path, rpc string
	form      url.Values
	shown     []string
}

func keptForms() []keptForm {
	return []keptForm{
		{
			"/developers/apps/new", "CreateApp",
			url.Values{"kind": {"device"}, "workspace_id": {"ws_1"}, "name": {"Kept name"}, "purpose": {"Kept purpose"}, "redirect_uris": {"https://kept.test/cb"}, "scope": {"videos:read"}},
			[]string{`value="device" required checked`, `value="Kept name"`, `value="Kept purpose"`, `value="https://kept.test/cb"`, `value="videos:read" checked`},
		},
		{appPages + "/about", "UpdateApp", url.Values{"do": {"save"}, "name": {"Kept name"}}, []string{`value="Kept name"`}},
		{appPages + "/addresses", "AddAppRedirectUri", url.Values{"do": {"add"}, "redirect_uris": {"https://kept.test/cb"}}, []string{`value="https://kept.test/cb"`}},
		{appPages + "/team", "AddAppTester", url.Values{"do": {"add"}, "email_address": {"kept@example.com"}}, []string{`value="kept@example.com"`}},
		{
			appPages + "/credentials", "UpdateApp", url.Values{"do": {"set-keys"}, "jwks_uri": {"https://kept.test/jwks"}, "jwk": {`{"kty":"EC","d":"private-sentinel"}`}},
			[]string{`value="https://kept.test/jwks"`},
		},
		{
			workspacePages + "/keys", "CreateWorkspaceKey", url.Values{"do": {"create"}, "name": {"Kept key"}, "lifetime": {"90"}, "scope": {"videos:read"}, "addresses": {"192.0.2.1"}},
			[]string{`value="Kept key"`, `value="90" selected`, `value="videos:read" checked`, ">192.0.2.1</textarea>"},
		},
		{workspacePages + "/policy", "SetWorkspacePolicy", url.Values{"do": {"set"}, "policy": {"nobody"}}, []string{`value="nobody" required checked`}},
		{
			workspacePages + "/policy", "DecideAppRequest", url.Values{"do": {"refuse"}, "client_id": {"c1"}, "answer": {"Kept answer"}}, []string{">Kept answer</textarea>"},
		},
	}
}

// withPolicy is withConsole with a member's request for a client.
func withPolicy(t *testing.T) browser {
	t.Helper()
	p := withConsole(t)
	p.respond("GetWorkspacePolicy", &consentv1.GetWorkspacePolicyResponse{Policy: consentv1.AppPolicy_APP_POLICY_ANYONE}, nil)
	p.respond("ListAppRequests", &consentv1.ListAppRequestsResponse{Requests: []*consentv1.AppRequest{
		{ClientId: "c1", ClientName: "Example", State: consentv1.AppRequestState_APP_REQUEST_STATE_WAITING},
	}}, nil)
	return p
}

// TestTheInputIsKeptWhenAServiceFails for a moment: people send the form again without writing it again.
// Credentials are in no cookie.
func TestTheInputIsKeptWhenAServiceFails(t *testing.T) {
	for text, err := range map[string]error{
		"We cannot answer right now.":       oerr.Unavailable(nil),
		"There were too many attempts.":     oerr.New(errorv1.Reason_REASON_RATE_LIMITED, "later", oerr.WithRetryAfter(time.Minute)),
		"Something went wrong on our side.": errors.New("internal"),
	} {
		for _, f := range keptForms() {
			p := withPolicy(t)
			p.respond(f.rpc, nil, err)
			f.form.Set("csrf_token", csrf(t, p.get(f.path)))
			wantRedirect(t, f.path, p.post(f.path, f.form), f.path)
			w := p.get(f.path)
			wantPage(t, f.path, w, 200, append(f.shown, text)...)
			if strings.Contains(w.Body.String(), "private-sentinel") {
				t.Errorf("%s keeps a private key", f.path)
			}
			if body := p.get(f.path).Body.String(); strings.Contains(body, text) {
				t.Errorf("%s says it once more", f.path)
			}
		}
	}
}

// TestTheReasonForAnAppIsKept, in the form of the workspace that it is for.
func TestTheReasonForAnAppIsKept(t *testing.T) {
	p := signedIn(t)
	closed := func(id string) *consentv1.PromptWorkspace {
		return &consentv1.PromptWorkspace{WorkspaceId: id, Name: id, Access: consentv1.WorkspaceAccess_WORKSPACE_ACCESS_NEEDS_APPROVAL}
	}
	p.respond("GetPrompt", &consentv1.GetPromptResponse{ClientName: "Example", Workspaces: []*consentv1.PromptWorkspace{closed("ws_1"), closed("ws_2")}}, nil)
	p.respond("RequestApproval", nil, oerr.Unavailable(nil))
	form := url.Values{"csrf_token": {csrf(t, p.get("/consent?request=r"))}, "request": {"r"}, "decision": {"ask ws_2"}, "reason": {"For captions & subtitles"}}
	wantRedirect(t, "the request", p.post("/consent/decision", form), "/consent?request=r")
	w := p.get("/consent?request=r")
	wantPage(t, "the page", w, 200, "We cannot answer right now.", `id="reason-1" name="reason" rows="2" maxlength="500">For captions &amp; subtitles<`, `id="reason-0" name="reason" rows="2" maxlength="500"></textarea>`)
}
