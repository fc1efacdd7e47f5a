package activity

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// paged are the services behind the pages of the console, the review, workspaces and their activity.
func paged() []string {
	return []string{
		"authz.v1.ConsoleService", "authz.v1.ReviewService", "consent.v1.WorkspaceService", "token.v1.WorkspaceKeyService",
		"identity.v1.WorkspaceService", "activity.v1.RequestLogService", "activity.v1.AuditService",
	}
}

// target is what a request is about.
type target struct{ session, workspace, client, key string }

// access is who may call an RPC with a session, about an object of the workspace.
type access int

const (
	// team are administrators and developers, admins administrators alone, and anyone every user, about the
	// own account; none is an RPC that no session authorizes.
	team access = iota
	admins
	anyone
	none
)

// rule is the rule of an RPC.
type rule struct {
	rpc    string
	access access
	req    func(o target) proto.Message
}

func consoleRules() []rule {
	const s = "authz.v1.ConsoleService/"
	return []rule{
		{s + "ListApps", anyone, func(o target) proto.Message { return &authzv1.ListAppsRequest{SessionToken: o.session} }},
		{s + "GetApp", team, func(o target) proto.Message {
			return &authzv1.GetAppRequest{SessionToken: o.session, ClientId: o.client}
		}},
		{s + "CreateApp", team, func(o target) proto.Message {
			return &authzv1.CreateAppRequest{SessionToken: o.session, WorkspaceId: o.workspace, Client: &authzv1.CreateClientRequest{Name: "\n"}}
		}},
		{s + "UpdateApp", team, func(o target) proto.Message {
			return &authzv1.UpdateAppRequest{SessionToken: o.session, Change: &authzv1.UpdateClientRequest{ClientId: o.client, Purpose: proto.String("Tests")}}
		}},
		{s + "SetAppLogo", team, func(o target) proto.Message {
			return &authzv1.SetAppLogoRequest{SessionToken: o.session, ClientId: o.client}
		}},
		{s + "CreateAppSecret", team, func(o target) proto.Message {
			return &authzv1.CreateAppSecretRequest{SessionToken: o.session, ClientId: o.client, NewestSecretId: "stale"}
		}},
		{s + "RemoveAppSecret", team, func(o target) proto.Message {
			return &authzv1.RemoveAppSecretRequest{SessionToken: o.session, ClientId: o.client, SecretId: "none"}
		}},
		{s + "AddAppKey", team, func(o target) proto.Message {
			return &authzv1.AddAppKeyRequest{SessionToken: o.session, Key: &authzv1.AddClientKeyRequest{ClientId: o.client, Jwk: "{}"}}
		}},
		{s + "RemoveAppKey", team, func(o target) proto.Message {
			return &authzv1.RemoveAppKeyRequest{SessionToken: o.session, ClientId: o.client, Kid: "none"}
		}},
		{s + "TestAppKeys", team, func(o target) proto.Message {
			return &authzv1.TestAppKeysRequest{SessionToken: o.session, ClientId: o.client}
		}},
		{s + "AddAppRedirectUri", team, func(o target) proto.Message {
			return &authzv1.AddAppRedirectUriRequest{SessionToken: o.session, ClientId: o.client, RedirectUri: "https://a.example/cb"}
		}},
		{s + "RemoveAppRedirectUri", team, func(o target) proto.Message {
			return &authzv1.RemoveAppRedirectUriRequest{SessionToken: o.session, ClientId: o.client, RedirectUri: "https://a.example/none"}
		}},
		{s + "AddAppTester", team, func(o target) proto.Message {
			return &authzv1.AddAppTesterRequest{SessionToken: o.session, ClientId: o.client, EmailAddress: "tester@example.com"}
		}},
		{s + "RemoveAppTester", team, func(o target) proto.Message {
			return &authzv1.RemoveAppTesterRequest{SessionToken: o.session, ClientId: o.client, EmailAddress: "tester@example.com"}
		}},
		{s + "SubmitApp", team, func(o target) proto.Message {
			return &authzv1.SubmitAppRequest{SessionToken: o.session, ClientId: o.client, Withdraw: true}
		}},
		{"authz.v1.ReviewService/ListSubmittedClients", none, func(target) proto.Message { return &authzv1.ListSubmittedClientsRequest{} }},
		{"authz.v1.ReviewService/ReviewClient", none, func(o target) proto.Message { return &authzv1.ReviewClientRequest{ClientId: o.client} }},
		{"authz.v1.ReviewService/ApplySuspendClient", none, func(target) proto.Message { return &authzv1.ApplySuspendClientRequest{ClientId: "none"} }},
	}
}

func workspaceRules() []rule {
	const s, k = "consent.v1.WorkspaceService/", "token.v1.WorkspaceKeyService/"
	return []rule{
		{s + "ListWorkspaceApps", admins, func(o target) proto.Message {
			return &consentv1.ListWorkspaceAppsRequest{SessionToken: o.session, WorkspaceId: o.workspace}
		}},
		{s + "EndWorkspaceApp", admins, func(o target) proto.Message {
			return &consentv1.EndWorkspaceAppRequest{SessionToken: o.session, WorkspaceId: o.workspace, ClientId: harness.PublicID, ConfirmName: harness.PublicID}
		}},
		{s + "GetWorkspacePolicy", admins, func(o target) proto.Message {
			return &consentv1.GetWorkspacePolicyRequest{SessionToken: o.session, WorkspaceId: o.workspace}
		}},
		{s + "SetWorkspacePolicy", admins, func(o target) proto.Message {
			return &consentv1.SetWorkspacePolicyRequest{SessionToken: o.session, WorkspaceId: o.workspace, Policy: consentv1.AppPolicy_APP_POLICY_ANYONE}
		}},
		{s + "SetAppApproval", admins, func(o target) proto.Message {
			return &consentv1.SetAppApprovalRequest{SessionToken: o.session, WorkspaceId: o.workspace, ClientId: harness.PublicID, Approved: true}
		}},
		{s + "ListAppRequests", admins, func(o target) proto.Message {
			return &consentv1.ListAppRequestsRequest{SessionToken: o.session, WorkspaceId: o.workspace}
		}},
		{s + "DecideAppRequest", admins, func(o target) proto.Message { // for whom it may be called, none is waiting
			return &consentv1.DecideAppRequestRequest{SessionToken: o.session, WorkspaceId: o.workspace, ClientId: harness.PublicID}
		}},
		{k + "ListWorkspaceKeys", admins, func(o target) proto.Message {
			return &tokenv1.ListWorkspaceKeysRequest{SessionToken: o.session, WorkspaceId: o.workspace}
		}},
		{k + "CreateWorkspaceKey", admins, func(o target) proto.Message {
			return &tokenv1.CreateWorkspaceKeyRequest{SessionToken: o.session, WorkspaceId: o.workspace, Name: "\n"}
		}},
		{k + "RotateWorkspaceKey", admins, func(o target) proto.Message {
			return &tokenv1.RotateWorkspaceKeyRequest{SessionToken: o.session, WorkspaceId: o.workspace, KeyId: o.key, OverlapSeconds: -1}
		}},
		{k + "RevokeWorkspaceKey", admins, func(o target) proto.Message {
			return &tokenv1.RevokeWorkspaceKeyRequest{SessionToken: o.session, WorkspaceId: o.workspace, KeyId: o.key}
		}},
		{"identity.v1.WorkspaceService/ListWorkspaceMembers", admins, func(o target) proto.Message {
			return &identityv1.ListWorkspaceMembersRequest{SessionToken: o.session, WorkspaceId: o.workspace}
		}},
		{"activity.v1.RequestLogService/RecordRequests", none, func(target) proto.Message { return &activityv1.RecordRequestsRequest{} }},
		{"activity.v1.RequestLogService/ListRequests", team, func(o target) proto.Message {
			return &activityv1.ListRequestsRequest{SessionToken: o.session, ClientId: o.client}
		}},
		{"activity.v1.AuditService/ListEvents", anyone, func(o target) proto.Message { return &activityv1.ListEventsRequest{SessionToken: o.session} }},
		{"activity.v1.AuditService/ListEvents", team, func(o target) proto.Message {
			return &activityv1.ListEventsRequest{SessionToken: o.session, ClientId: o.client}
		}},
		{"activity.v1.AuditService/ListEvents", admins, func(o target) proto.Message {
			return &activityv1.ListEventsRequest{SessionToken: o.session, WorkspaceId: o.workspace}
		}},
	}
}

// roles are the users of the matrix, with the objects of one workspace.
type roles struct {
	*caller
	administrator, developer, member, other person
	own, foreign, unknown                   target
}

func newRoles(t *testing.T, d *harness.Deployment) *roles {
	t.Helper()
	r := &roles{caller: newCaller(t, d), unknown: target{workspace: "ws_none", client: "vdo_client_none", key: "key_none"}}
	make := func(workspace string, of *target) (admin person) {
		r.must(t, "operator", "identity.v1.AdministrationService/CreateWorkspace",
			&identityv1.CreateWorkspaceRequest{Name: "Roles", Plan: "pro", WorkspaceId: workspace})
		admin = r.newPerson(t, workspace+"@example.com", workspace, identityv1.Role_ROLE_ADMINISTRATOR)
		key := as[*tokenv1.CreateApiKeyResponse](t, r.must(t, "operator", "token.v1.ApiKeyService/CreateApiKey",
			&tokenv1.CreateApiKeyRequest{WorkspaceId: workspace, Name: "Roles"}))
		d.RecordSecret("api_key", key.GetKey())
		app := as[*authzv1.CreateAppResponse](t, r.must(t, "gateway", "authz.v1.ConsoleService/CreateApp", &authzv1.CreateAppRequest{
			SessionToken: admin.session, WorkspaceId: workspace, Client: &authzv1.CreateClientRequest{
				Name: "Roles", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{harness.CallbackURI}, Scopes: []string{"videos:read"},
			},
		}))
		d.RecordSecret("client_secret", app.GetClientSecret())
		*of = target{workspace: workspace, client: app.GetApp().GetRegistration().GetClient().GetClientId(), key: key.GetApiKey().GetKeyId()}
		return admin
	}
	r.administrator, r.other = make("ws_roles", &r.own), make("ws_rolesother", &r.foreign)
	r.developer = r.newPerson(t, "roles-developer@example.com", "ws_roles", identityv1.Role_ROLE_DEVELOPER)
	r.member = r.newPerson(t, "roles-member@example.com", "ws_roles", identityv1.Role_ROLE_MEMBER)
	return r
}

// TestRoles_EveryRPCOfThePages compares who may call each RPC behind the pages with the rule: users by
// their role in the workspace, operators, and every other certificate. An object of another workspace has
// the response of one that does not exist. An RPC without a rule fails.
func TestRoles_EveryRPCOfThePages(t *testing.T) {
	r := newRoles(t, shared.Processes())
	ruled := map[string]bool{}
	for _, rule := range slices.Concat(consoleRules(), workspaceRules()) {
		ruled[rule.rpc] = true
		r.certificates(t, rule)
		if rule.access != none {
			r.users(t, rule)
		}
	}
	for name := range r.all {
		if service, _, _ := strings.Cut(name, "/"); slices.Contains(paged(), service) && !ruled[name] {
			t.Errorf("%s has no rule", name)
		}
	}
}

// holders returns the certificates that may call an RPC. The gateway calls for its users, and operators call
// what the command line has, without a session.
func (r rule) holders() []string {
	service, name, _ := strings.Cut(r.rpc, "/")
	switch {
	case name == "ApplySuspendClient":
		return []string{"token"}
	case name == "RecordRequests", service == "authz.v1.ConsoleService", service == "identity.v1.WorkspaceService":
		return []string{"gateway"}
	case service == "authz.v1.ReviewService":
		return []string{"operator"}
	}
	return []string{"gateway", "operator"}
}

// certificates calls an RPC with every certificate and no session.
func (r *roles) certificates(t *testing.T, rule rule) {
	t.Helper()
	holders := rule.holders()
	if declared := slices.Sorted(slices.Values(r.all[rule.rpc].Callers)); !slices.Equal(declared, holders) {
		t.Errorf("%s declares the callers %q, want %q", rule.rpc, declared, holders)
	}
	certificates := []string{"operator", "identity", "authz", "token", "consent", "activity", "video-api", "stranger"}
	if rule.access == none {
		certificates = append(certificates, "gateway")
	}
	for _, certificate := range certificates {
		may := slices.Contains(holders, certificate)
		_, err := r.call(t, certificate, rule.rpc, rule.req(r.own))
		switch refused := status.Code(err) == codes.PermissionDenied; {
		case refused == may:
			t.Errorf("%s with the certificate of %s: %v", rule.rpc, certificate, err)
		case may && certificate == "operator" && oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED:
			t.Errorf("%s needs a session of an operator", rule.rpc)
		}
	}
}

// users calls an RPC with the session of each user, about each object.
func (r *roles) users(t *testing.T, rule rule) {
	t.Helper()
	call := func(session string, o target) error {
		o.session = session
		_, err := r.call(t, "gateway", rule.rpc, rule.req(o))
		return err
	}
	for _, session := range []string{"", "invalid", strings.Repeat("A", 43)} {
		if err := call(session, r.own); oerr.Reason(err) != errorv1.Reason_REASON_SESSION_REQUIRED {
			t.Errorf("%s without a session: %v", rule.rpc, err)
		}
	}
	refusal := fmt.Sprint(call(r.administrator.session, r.unknown))
	for _, row := range []struct {
		who  string
		user person
		of   target
		may  bool
	}{
		{"an administrator", r.administrator, r.own, true},
		{"a developer", r.developer, r.own, rule.access != admins},
		{"a member", r.member, r.own, rule.access == anyone},
		{"another workspace's administrator", r.other, r.own, rule.access == anyone},
		{"an administrator, of another workspace's object,", r.administrator, r.foreign, rule.access == anyone},
		{"a developer, of another workspace's object,", r.developer, r.foreign, rule.access == anyone},
	} {
		err := call(row.user.session, row.of)
		if rule.access == anyone {
			expect.NoError(t, err)
			continue
		}
		same := err != nil && err.Error() == refusal
		failed := slices.Contains([]codes.Code{codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented, codes.Unavailable, codes.Internal}, status.Code(err))
		if same == row.may || row.may && failed || oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
			t.Errorf("%s as %s: %v; of an unknown object it is %s", rule.rpc, row.who, err, refusal)
		}
	}
}
