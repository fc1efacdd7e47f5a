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

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// keptForm is a form of an account, of the console or of a workspace whose RPC fails, and what its page
// shows again.
type keptForm struct {
	path, rpc string
	form      url.Values
	shown     []string
}

func keptForms() []keptForm {
	return []keptForm{
		{
			"/account", "UpdateProfile",
			url.Values{"first_name": {"Kept first"}, "display_name": {"Kept name"}, "language": {"de"}, "time_zone": {"Asia/Kolkata"}},
			[]string{`value="Kept first"`, `value="Kept name"`, `value="de" lang="de" selected`, `value="Asia/Kolkata"`},
		},
		{
			"/developers/apps/new", "CreateApp",
			url.Values{"kind": {"device"}, "workspace_id": {"ws_1"}, "name": {"Kept name"}, "purpose": {"Kept purpose"}, "redirect_uris": {"https://kept.test/cb"}, "scope": {"videos:read"}},
			[]string{`value="device" required checked`, `value="Kept name"`, `value="Kept purpose"`, `value="https://kept.test/cb"`, `value="videos:read" checked`},
		},
		{appPages + "/about", "UpdateApp", url.Values{"do": {"save"}, "name": {"Kept name"}}, []string{`value="Kept name"`}},
		{appPages + "/addresses", "AddAppRedirectUri", url.Values{"do": {"add"}, "redirect_uris": {"https://kept.test/cb"}}, []string{`value="https://kept.test/cb"`}},
		{appPages + "/team", "AddAppTester", url.Values{"do": {"add"}, "email_address": {"kept@example.com"}}, []string{`value="kept@example.com"`}},
		{
			appPages + "/credentials", "UpdateApp",
			url.Values{"do": {"set-keys"}, "jwks_uri": {"https://kept.test/jwks"}, "jwk": {`{"kty":"EC","d":"private-sentinel"}`}},
			[]string{`value="https://kept.test/jwks"`},
		},
		{
			workspacePages + "/keys", "CreateWorkspaceKey",
			url.Values{"do": {"create"}, "name": {"Kept key"}, "lifetime": {"90"}, "scope": {"videos:read"}, "addresses": {"192.0.2.1"}},
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
	p.respond("GetProfile", &identityv1.GetProfileResponse{Session: &identityv1.Session{UserId: "user_1"}, Profile: &identityv1.Profile{FirstName: "John"}}, nil)
	p.respond("ListAppRequests", &consentv1.ListAppRequestsResponse{Requests: []*consentv1.AppRequest{
		{ClientId: "c1", ClientName: "Example <b>", State: consentv1.AppRequestState_APP_REQUEST_STATE_WAITING},
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

	p.cookies["__Host-usher_session"] = &http.Cookie{Name: "__Host-usher_session", Value: secret.NewCode().Reveal()}
	wantRedirect(t, "after another sign-in", p.post("/consent/decision", form), "/consent?request=r")
	wantPage(t, "after another sign-in", p.get("/consent?request=r"), 200, "Please confirm once more.", "What you entered was not kept.")
	form.Del("reason")
	wantRedirect(t, "without a reason", p.post("/consent/decision", form), "/consent?request=r")
	if body := p.get("/consent?request=r").Body.String(); strings.Contains(body, "What you entered was not kept.") {
		t.Error("the page says that nothing was kept")
	}
}

// lastToken returns the CSRF token of the last form of a page: the first one may be the one that signs out.
func lastToken(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	all := csrfField.FindAllStringSubmatch(w.Body.String(), -1)
	if len(all) == 0 {
		t.Fatal("the page has no form")
	}
	return all[len(all)-1][1]
}

// signInElsewhere gives the browser another session, as a sign-in in another tab does.
func signInElsewhere(p browser, userID string) {
	p.cookies["__Host-usher_session"] = &http.Cookie{Name: "__Host-usher_session", Value: secret.NewCode().Reveal()}
	session := &identityv1.Session{UserId: userID, DisplayName: "Somebody", EmailAddress: "somebody@example.com"}
	workspace := &identityv1.Workspace{WorkspaceId: "ws_1", Name: "Acme", Role: identityv1.Role_ROLE_ADMINISTRATOR}
	p.respond("GetSession", &identityv1.GetSessionResponse{Session: session, Workspaces: &identityv1.WorkspaceList{Workspaces: []*identityv1.Workspace{workspace}}}, nil)
}

// TestTheInputIsKeptAfterAnotherSignInOfTheSameUser, and never for anyone else: not for another user,
// and not for a form that another site has sent.
func TestTheInputIsKeptAfterAnotherSignInOfTheSameUser(t *testing.T) {
	const again, gone = "Please confirm once more.", "What you entered was not kept. The Back button of your browser still has it."
	for name, row := range map[string]struct {
		user string
		own  bool
		kept bool
	}{
		"the same user": {"user_1", true, true}, "another user": {"user_2", true, false}, "a form of another site": {"user_1", false, false},
	} {
		for _, f := range keptForms() {
			p := withPolicy(t)
			f.form.Set("csrf_token", lastToken(t, p.get(f.path)))
			if !row.own {
				f.form.Set("csrf_token", "x."+secret.NewCode().Reveal())
			}
			signInElsewhere(p, row.user)
			p.services[f.rpc] = func(proto.Message) (proto.Message, error) {
				t.Errorf("%s: %s is called", name, f.rpc)
				return nil, oerr.Unavailable(nil)
			}
			wantRedirect(t, name, p.post(f.path, f.form), f.path)
			w := p.get(f.path)
			wantPage(t, name+" at "+f.path, w, 200, again)
			body := w.Body.String()
			for _, text := range f.shown {
				if strings.Contains(body, text) != row.kept {
					t.Errorf("%s at %s shows %s: %v", name, f.path, text, !row.kept)
				}
			}
			if strings.Contains(body, gone) == row.kept {
				t.Errorf("%s at %s says that the input is gone: %v", name, f.path, row.kept)
			}
		}
	}
}

// TestAFileIsNotKept after another sign-in, and the page says so.
func TestAFileIsNotKept(t *testing.T) {
	p := withConsole(t)
	const path = appPages + "/manifest"
	token := lastToken(t, p.get(path))
	signInElsewhere(p, "user_1")
	wantRedirect(t, "the upload", upload(t, p, token, "clients: []"), path)
	wantPage(t, "the page", p.get(path), 200, "Please confirm once more.", "What you entered was not kept.")
}
