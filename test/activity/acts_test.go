package activity

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// unrecorded are the RPCs that change something and are no act of administration, with the reason.
func unrecorded() map[string]string {
	const flow = "a step of an authorization request, whose approval is the event grant.approved"
	return map[string]string{
		"authz.v1.AuthorizationService/StartAuthorization":    flow,
		"authz.v1.AuthorizationService/ResumeAuthorization":   flow,
		"authz.v1.AuthorizationService/ContinueAuthorization": flow,
		"authz.v1.DecisionService/CompleteAuthorization":      flow,
		"authz.v1.DeviceService/ClaimDeviceAuthorization":     flow,
		"consent.v1.ConsentService/GetPrompt":                 flow,
		"consent.v1.ConsentService/Decide":                    flow,
		"consent.v1.ConsentService/DecideSilently":            flow,
		"consent.v1.ConsentService/RequestApproval":           "asked for on the consent page, with the event workspace.app_requested",
		"identity.v1.SessionService/EndOtherSessions":         "the token service calls it for PasswordService/SignOutElsewhere",
		"identity.v1.CredentialService/ChangePassword":        "the token service calls it for PasswordService/ChangePassword",
	}
}

// wanted is the event of an act: its kind, the objects and the actor, and a field before and after.
type wanted struct {
	kind                            string
	user, workspace, client, object string
	// by is the user who acted; empty for an operator.
	by string
	// actor is the kind of an actor that is neither a user nor an operator.
	actor                string
	field, before, after string
	// name is the detail of this name.
	name string
	// browser is the User-Agent of the user who acted in a browser; empty for an act whose event has none.
	browser string
}

// acts makes every act of administration once, with the event that it must have.
type acts struct {
	*caller
	t *testing.T
	// made are the RPCs that were called.
	made map[string]bool
	want []wanted

	workspace string
	admin     person
	developer person
	// clientID is the client of the workspace that the console registers.
	clientID string
}

// do makes an act, and returns the response.
func (a *acts) do(name string, req proto.Message, events ...wanted) proto.Message {
	a.t.Helper()
	m := a.all[name]
	certificate := "operator"
	if !slices.Contains(m.Callers, "operator") || sessionOf(req) != "" {
		certificate = "gateway"
	}
	res := a.must(a.t, certificate, name, req)
	a.made[name] = true
	a.want = append(a.want, events...)
	return res
}

// sessionOf returns the session of a request; empty for none.
func sessionOf(req proto.Message) string {
	r := req.ProtoReflect()
	field := r.Descriptor().Fields().ByName("session_token")
	if field == nil {
		return ""
	}
	return r.Get(field).String()
}

// TestActivity_EveryRPCThatChangesSomethingIsRecorded: each RPC that an operator may call or that a session
// authorizes, unless it only reads, has an event with who, what, before and after, once. A new RPC fails
// the test until it is made here.
func TestActivity_EveryRPCThatChangesSomethingIsRecorded(t *testing.T) {
	a := &acts{caller: newCaller(t, shared.Processes()), t: t, made: map[string]bool{}, workspace: "ws_acts"}
	a.people()
	a.console()
	a.clients()
	a.policy()
	a.keys()
	a.grants()
	a.account()
	a.revocations()

	for name, m := range a.all {
		recorded := (m.Session || slices.Contains(m.Callers, "operator")) && !m.Reads
		_, excused := unrecorded()[name]
		switch {
		case recorded && !excused && !a.made[name]:
			t.Errorf("%s changes something, and no act of this test is one", name)
		case excused && (a.made[name] || !recorded):
			t.Errorf("%s needs no excuse: it is made, or it changes nothing that is recorded", name)
		}
	}
	for name := range unrecorded() {
		if _, exists := a.all[name]; !exists {
			t.Errorf("there is no RPC %s to excuse", name)
		}
	}
	a.strangers()
	a.compare()
}

// compare awaits the events, and compares each with the one that its act must have.
func (a *acts) compare() {
	a.t.Helper()
	var list []event
	count := func(w wanted) (n int) {
		for _, e := range list {
			if w.matches(e) {
				n++
			}
		}
		return n
	}
	times := map[wanted]int{}
	for _, w := range a.want {
		times[w]++
	}
	last := a.markers()
	missing := func() bool {
		list = events(a.t, a.d)
		return slices.ContainsFunc(append(last, a.want...), func(w wanted) bool { return count(w) < max(1, times[w]) })
	}
	const patience = time.Minute // which only a missing event reaches
	for began := time.Now(); missing() && time.Since(began) < patience; {
		continue // each look runs a program
	}
	for _, w := range last {
		if count(w) != 1 {
			a.t.Errorf("the last change of a service is recorded %d times: %+v", count(w), w)
		}
	}
	for _, e := range list {
		if a.concerned(e) && !slices.ContainsFunc(a.want, func(w wanted) bool { return w.matches(e) }) {
			a.t.Errorf("no act of this test has the event %+v", e)
		}
	}
	for w, want := range times {
		if got := count(w); got != want {
			var near []string
			for _, e := range list {
				if e.Kind == w.kind {
					near = append(near, fmt.Sprintf("%+v", e))
				}
			}
			a.t.Errorf("%+v is recorded %d times, want %d, of:\n%s", w, got, want, strings.Join(near, "\n"))
		}
	}
}

// markers makes a last change in each service, and returns their events. The events of a service are read in the
// order of its changes: when its last one is there, so are all that the acts have, also those that none must have.
func (a *acts) markers() []wanted {
	a.t.Helper()
	const workspace, id = "ws_acts_last", "vdo_client_acts_last"
	call := func(name string, req proto.Message) proto.Message { return a.must(a.t, "operator", name, req) }
	call("identity.v1.AdministrationService/CreateWorkspace", &identityv1.CreateWorkspaceRequest{Name: "Last", Plan: "free", WorkspaceId: workspace})
	call("authz.v1.AdministrationService/CreateClient", &authzv1.CreateClientRequest{
		ClientId: id, Name: "Last", Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC, RedirectUris: []string{harness.CallbackURI}, Scopes: []string{"videos:read"},
	})
	res := call("token.v1.ApiKeyService/CreateApiKey", &tokenv1.CreateApiKeyRequest{WorkspaceId: workspace, Name: "Last"})
	a.d.RecordSecret("api_key", as[*tokenv1.CreateApiKeyResponse](a.t, res).GetKey())
	call("consent.v1.WorkspaceService/SetAppApproval", &consentv1.SetAppApprovalRequest{WorkspaceId: workspace, ClientId: harness.PublicID, Approved: true})
	return []wanted{
		{kind: "workspace.created", workspace: workspace, field: "plan", after: "free"},
		{kind: "client.created", client: id, field: "name", after: "Last"},
		{kind: "api_key.created", workspace: workspace, field: "name", after: "Last"},
		{kind: "workspace.app_approved", workspace: workspace, client: harness.PublicID, field: "approval", after: "approved"},
	}
}

// concerned reports whether an event can be of this test alone: one of the workspace, or of a client that the
// test registered. Sign-ins and approvals, which come before an act, have their own tests.
func (a *acts) concerned(e event) bool {
	switch e.Kind {
	case "user.signed_in", "grant.approved":
		return false
	}
	own := func(w wanted) bool { return w.client != "" && w.client == e.ClientID }
	return e.WorkspaceID == a.workspace || !strings.HasSuffix(e.ClientID, "123") && slices.ContainsFunc(a.want, own)
}

func (w wanted) matches(e event) bool {
	actor := e.Actor.Kind == "ACTOR_KIND_OPERATOR"
	if w.by != "" {
		actor = e.Actor.Kind == "ACTOR_KIND_USER" && e.Actor.ID == w.by
	}
	if w.actor != "" {
		actor = e.Actor.Kind == w.actor
	}
	before, after := e.change(w.field)
	if w.name != "" && w.name != e.Details["name"] {
		return false
	}
	if w.browser != e.Details["user_agent"] || w.browser != "" && e.Details["network"] != "127.0.0.*" {
		return false
	}
	return actor && e.Kind == w.kind && e.UserID == w.user && e.ClientID == w.client && e.WorkspaceID == w.workspace &&
		(w.object == "" || e.ObjectID == w.object) &&
		before == w.before && after == w.after && (e.RequestID != "") == (w.actor != service)
}

// people makes the acts about users, workspaces and members.
func (a *acts) people() {
	const admin = "identity.v1.AdministrationService/"
	a.do(admin+"CreateWorkspace", &identityv1.CreateWorkspaceRequest{Name: "Acts", Plan: "free", WorkspaceId: a.workspace},
		wanted{kind: "workspace.created", workspace: a.workspace, field: "plan", after: "free"})
	a.do("token.v1.EndingService/SetWorkspacePlan", &tokenv1.SetWorkspacePlanRequest{WorkspaceId: a.workspace, Plan: "pro"},
		wanted{kind: "workspace.plan_set", workspace: a.workspace, field: "plan", before: "free", after: "pro"})
	a.admin = a.newPerson(a.t, "acts-admin@example.com", a.workspace, identityv1.Role_ROLE_ADMINISTRATOR)
	a.made[admin+"CreateUser"], a.made[admin+"AddMember"] = true, true
	a.want = append(a.want,
		wanted{kind: "user.created", user: a.admin.id, field: "status", after: "enabled"},
		wanted{kind: "member.added", user: a.admin.id, workspace: a.workspace, field: "role", after: "administrator"})
	joined := func(p person) wanted {
		return wanted{kind: "member.added", user: p.id, workspace: a.workspace, field: "role", after: "member"}
	}
	a.developer = a.newPerson(a.t, "acts-developer@example.com", a.workspace, identityv1.Role_ROLE_MEMBER)
	a.do(admin+"AddMember", &identityv1.AddMemberRequest{UserId: a.developer.id, WorkspaceId: a.workspace, Role: identityv1.Role_ROLE_DEVELOPER},
		wanted{kind: "member.role_changed", user: a.developer.id, workspace: a.workspace, field: "role", before: "member", after: "developer"})
	gone := a.newPerson(a.t, "acts-gone@example.com", a.workspace, identityv1.Role_ROLE_MEMBER)
	a.want = append(a.want, joined(a.developer), joined(gone))
	a.do("token.v1.EndingService/RemoveMember", &tokenv1.RemoveMemberRequest{UserId: gone.id, WorkspaceId: a.workspace},
		wanted{kind: "member.removed", user: gone.id, workspace: a.workspace, field: "role", before: "member"})
	a.do("token.v1.EndingService/DisableUser", &tokenv1.DisableUserRequest{UserId: gone.id},
		wanted{kind: "user.disabled", user: gone.id, field: "status", before: "enabled", after: "disabled"})
	a.do(admin+"EnableUser", &identityv1.EnableUserRequest{UserId: gone.id},
		wanted{kind: "user.enabled", user: gone.id, field: "status", before: "disabled", after: "enabled"})
	a.do(admin+"UnlockUser", &identityv1.UnlockUserRequest{UserId: gone.id}, wanted{kind: "user.unlocked", user: gone.id})
	a.do("token.v1.EndingService/SetPassword", &tokenv1.SetPasswordRequest{UserId: gone.id, Password: "another long password"},
		wanted{kind: "user.password_set", user: gone.id})

	res := a.do(admin+"CreateAuthenticationApp", &identityv1.CreateAuthenticationAppRequest{Name: "Portal", WorkspaceId: a.workspace})
	app := as[*identityv1.CreateAuthenticationAppResponse](a.t, res)
	id := app.GetAuthenticationApp().GetAuthenticationAppId()
	a.d.RecordSecret("client_secret", app.GetClientSecret())
	res = a.do(admin+"RotateAuthenticationAppSecret", &identityv1.RotateAuthenticationAppSecretRequest{AuthenticationAppId: id})
	rotated := as[*identityv1.RotateAuthenticationAppSecretResponse](a.t, res).GetClientSecret()
	a.d.RecordSecret("client_secret", rotated)
	a.do("token.v1.EndingService/RevokeAuthenticationApp", &tokenv1.RevokeAuthenticationAppRequest{AuthenticationAppId: id})
	lastFour := func(secret string) string { return secret[len(secret)-4:] }
	both := []string{lastFour(app.GetClientSecret()), lastFour(rotated)}
	slices.Sort(both)
	a.want = append(a.want,
		wanted{kind: "authentication_app.created", object: id, workspace: a.workspace, field: "secret_ends_with", after: lastFour(app.GetClientSecret())},
		wanted{kind: "authentication_app.secret_rotated", object: id, workspace: a.workspace, field: "secret_ends_with", before: lastFour(app.GetClientSecret()), after: strings.Join(both, "\n")},
		wanted{kind: "authentication_app.revoked", object: id, workspace: a.workspace, field: "status", before: "enabled", after: "revoked"})
}

// policy makes the acts of a workspace's administrator about clients.
func (a *acts) policy() {
	const service = "consent.v1.WorkspaceService/"
	session, by := a.admin.session, a.admin.id
	set := func(policy consentv1.AppPolicy, before, after string) {
		a.do(service+"SetWorkspacePolicy", &consentv1.SetWorkspacePolicyRequest{SessionToken: session, WorkspaceId: a.workspace, Policy: policy},
			wanted{kind: "workspace.app_policy_set", workspace: a.workspace, by: by, field: "app_policy", before: before, after: after})
	}
	set(consentv1.AppPolicy_APP_POLICY_APPROVED, "anyone", "approved")
	a.do(service+"SetAppApproval", &consentv1.SetAppApprovalRequest{SessionToken: session, WorkspaceId: a.workspace, ClientId: harness.PublicID, Approved: true},
		wanted{kind: "workspace.app_approved", workspace: a.workspace, client: harness.PublicID, by: by, field: "approval", after: "approved"})
	a.do(service+"SetAppApproval", &consentv1.SetAppApprovalRequest{SessionToken: session, WorkspaceId: a.workspace, ClientId: harness.PublicID},
		wanted{kind: "workspace.app_withdrawn", workspace: a.workspace, client: harness.PublicID, by: by, field: "approval", before: "approved", after: "withdrawn"})
	a.ask()
	a.do(service+"DecideAppRequest", &consentv1.DecideAppRequestRequest{SessionToken: session, WorkspaceId: a.workspace, ClientId: harness.PublicID, Answer: "No"},
		wanted{kind: "workspace.app_refused", workspace: a.workspace, client: harness.PublicID, by: by, field: "approval", after: "refused"})
	set(consentv1.AppPolicy_APP_POLICY_ANYONE, "approved", "anyone")
}

// ask has the developer ask for a client, on the consent page.
func (a *acts) ask() {
	b := a.d.NewBrowser()
	page, err := b.Consent(harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier(), Email: a.developer.email})
	expect.NoError(a.t, err)
	form, err := page.FormWith("reason")
	expect.NoError(a.t, err)
	_, err = b.Submit(page, form, map[string]string{"decision": "ask " + a.workspace, "reason": "For the tests"})
	expect.NoError(a.t, err)
	a.want = append(a.want, wanted{
		kind: "workspace.app_requested", workspace: a.workspace, client: harness.PublicID, by: a.developer.id, field: "approval", after: "requested",
	})
}

// keys makes the acts about API keys.
func (a *acts) keys() {
	const service = "token.v1.WorkspaceKeyService/"
	session, by := a.admin.session, a.admin.id
	res := a.do(service+"CreateWorkspaceKey", &tokenv1.CreateWorkspaceKeyRequest{
		SessionToken: session, WorkspaceId: a.workspace, Name: "Nightly", Scopes: []string{"videos:read"},
	})
	first := as[*tokenv1.CreateWorkspaceKeyResponse](a.t, res)
	a.d.RecordSecret("api_key", first.GetKey())
	res = a.do(service+"RotateWorkspaceKey", &tokenv1.RotateWorkspaceKeyRequest{
		SessionToken: session, WorkspaceId: a.workspace, KeyId: first.GetApiKey().GetKeyId(), OverlapSeconds: 60,
	})
	second := as[*tokenv1.RotateWorkspaceKeyResponse](a.t, res)
	a.d.RecordSecret("api_key", second.GetKey())
	one, two := first.GetApiKey().GetKeyId(), second.GetApiKey().GetKeyId()
	a.do(service+"RevokeWorkspaceKey", &tokenv1.RevokeWorkspaceKeyRequest{SessionToken: session, WorkspaceId: a.workspace, KeyId: two})
	res = a.do("token.v1.ApiKeyService/CreateApiKey", &tokenv1.CreateApiKeyRequest{WorkspaceId: a.workspace, Name: "Operator's"})
	third := as[*tokenv1.CreateApiKeyResponse](a.t, res)
	a.d.RecordSecret("api_key", third.GetKey())
	a.do("token.v1.ApiKeyService/RevokeApiKey", &tokenv1.RevokeApiKeyRequest{KeyId: third.GetApiKey().GetKeyId()})
	a.want = append(a.want,
		wanted{kind: "api_key.created", workspace: a.workspace, object: one, by: by, field: "name", after: "Nightly"},
		wanted{kind: "api_key.rotated", workspace: a.workspace, object: two, by: by, field: "name", after: "Nightly"},
		wanted{kind: "api_key.revoked", workspace: a.workspace, object: two, by: by, field: "status", before: "live", after: "revoked", name: "Nightly"},
		wanted{kind: "api_key.created", workspace: a.workspace, object: third.GetApiKey().GetKeyId(), field: "name", after: "Operator's"},
		wanted{kind: "api_key.revoked", workspace: a.workspace, object: third.GetApiKey().GetKeyId(), field: "status", before: "live", after: "revoked", name: "Operator's"})
}
