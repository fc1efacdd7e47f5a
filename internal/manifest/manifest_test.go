package manifest_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/manifest"
)

// whole has every member, none with its default.
const whole = `
clients:
  - id: vdo_client_a
    name: " An App "
    type: confidential
    redirect_uris: [https://a.example/cb, https://b.example/cb]
    scopes: [videos:read, jobs:read]
    default_scopes: [videos:read]
    grant_types: [authorization_code, client_credentials]
    workspace: ws_acme
    application_type: web
    resource_server: true
    unverified: true
    reuse: family
    refresh_retry: 5s
    require_pushed_authorization_requests: true
    dpop_bound_access_tokens: true
    profile: fapi2
    allow_reserved_name: true
    publisher: " A Company "
    purpose: Does something
    client_uri: https://a.example
    policy_uri: https://a.example/privacy
    tos_uri: https://a.example/terms
    optional_scopes: [jobs:read]
    id_token_signed_response_alg: ES256
    post_logout_redirect_uris: [https://a.example/bye]
    backchannel_logout_uri: https://a.example/logout
    backchannel_logout_session_required: true
`

func parse(t *testing.T, text string) []manifest.Client {
	t.Helper()
	clients, err := manifest.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

// registered is the registration that a request to create a client results in.
func registered(r *authzv1.CreateClientRequest) *authzv1.Registration {
	return &authzv1.Registration{
		Client: &authzv1.Client{
			ClientId: r.GetClientId(), Name: r.GetName(), Type: r.GetType(), GrantTypes: r.GetGrantTypes(), ResourceServer: r.GetResourceServer(),
			WorkspaceId: r.GetWorkspaceId(), Reuse: r.GetReuse(), RefreshRetrySeconds: r.RefreshRetrySeconds,
			DpopBoundAccessTokens: r.GetDpopBoundAccessTokens(), Profile: r.GetProfile(), IdTokenSignedResponseAlg: r.GetIdTokenSignedResponseAlg(),
			BackchannelLogoutUri: r.GetBackchannelLogoutUri(), BackchannelLogoutSessionRequired: r.GetBackchannelLogoutSessionRequired(),
		},
		PostLogoutRedirectUris: r.GetPostLogoutRedirectUris(),
		RedirectUris:           r.GetRedirectUris(), Scopes: r.GetScopes(), DefaultScopes: r.GetDefaultScopes(), ApplicationType: r.GetApplicationType(),
		Unverified: r.GetUnverified(), RequirePushedAuthorizationRequests: r.GetRequirePushedAuthorizationRequests(), OptionalScopes: r.GetOptionalScopes(),
		Identity: &authzv1.AppIdentity{
			Publisher: r.GetPublisher(), Purpose: r.GetPurpose(), ClientUri: r.GetClientUri(), PolicyUri: r.GetPolicyUri(), TosUri: r.GetTosUri(),
		},
	}
}

func TestAClientThatIsRegisteredAsStatedDoesNotDiffer(t *testing.T) {
	small := `{"clients": [{"id": "vdo_client_b", "name": "B", "type": "public", "redirect_uris": ["https://b.example/"], "scopes": ["videos:read"]}]}`
	for _, text := range []string{whole, small} {
		c := parse(t, text)[0]
		req, differences, err := c.Update(registered(c.Create()))
		if req != nil || len(differences) > 0 || err != nil {
			t.Errorf("%v %+v, %v, want no difference", req, differences, err)
		}
	}
	b := parse(t, small)[0].Create()
	want := &authzv1.CreateClientRequest{
		ClientId: "vdo_client_b", Name: "B", Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC, RedirectUris: []string{"https://b.example/"},
		Scopes: []string{"videos:read"}, GrantTypes: []string{"authorization_code", "refresh_token"}, Reuse: authzv1.Reuse_REUSE_SUBJECT, Profile: authzv1.Profile_PROFILE_NONE,
		IdTokenSignedResponseAlg: "RS256", SubjectType: authzv1.SubjectType_SUBJECT_TYPE_PUBLIC,
	}
	if !proto.Equal(b, want) {
		t.Errorf("the defaults are %v, want %v", b, want)
	}
}

// TestTheUsualAlgorithmIsThatOfTheProfile: ID tokens of FAPI 2.0 are not RS256, so that a manifest without the member
// matches a client of the profile.
func TestTheUsualAlgorithmIsThatOfTheProfile(t *testing.T) {
	c := parse(t, `{"clients": [{"id": "vdo_client_b", "name": "B", "redirect_uris": ["https://b.example/"], "scopes": ["videos:read"], "profile": "fapi2"}]}`)[0]
	have := registered(c.Create())
	if alg := have.GetClient().GetIdTokenSignedResponseAlg(); alg != "ES256" {
		t.Errorf("the new client has %q", alg)
	}
	written, err := manifest.Format(have)
	if err != nil || strings.Contains(string(written), "id_token") {
		t.Errorf("%v, the manifest has the default:\n%s", err, written)
	}
	have.Client.Profile, have.Client.IdTokenSignedResponseAlg = authzv1.Profile_PROFILE_NONE, "RS256"
	req, _, err := c.Update(have)
	if err != nil || req.GetProfile() != authzv1.Profile_PROFILE_FAPI2 || req.GetIdTokenSignedResponseAlg() != "ES256" {
		t.Errorf("the change to the profile is %v, %v", req, err)
	}
}

// TestEachMemberIsChanged: of a registration that differs in one member, the update changes it and
// nothing else.
func TestEachMemberIsChanged(t *testing.T) {
	c := parse(t, whole)[0]
	for name, change := range map[string]func(r *authzv1.Registration){
		"name":                                  func(r *authzv1.Registration) { r.Client.Name = "Other" },
		"redirect_uris":                         func(r *authzv1.Registration) { r.RedirectUris = r.GetRedirectUris()[:1] },
		"scopes":                                func(r *authzv1.Registration) { r.Scopes = []string{"videos:read"} },
		"default_scopes":                        func(r *authzv1.Registration) { r.DefaultScopes = nil },
		"grant_types":                           func(r *authzv1.Registration) { r.Client.GrantTypes = []string{"client_credentials"} },
		"workspace":                             func(r *authzv1.Registration) { r.Client.WorkspaceId = "" },
		"application_type":                      func(r *authzv1.Registration) { r.ApplicationType = authzv1.ApplicationType_APPLICATION_TYPE_NATIVE },
		"resource_server":                       func(r *authzv1.Registration) { r.Client.ResourceServer = false },
		"unverified":                            func(r *authzv1.Registration) { r.Unverified = false },
		"reuse":                                 func(r *authzv1.Registration) { r.Client.Reuse = authzv1.Reuse_REUSE_SUBJECT },
		"profile":                               func(r *authzv1.Registration) { r.Client.Profile = authzv1.Profile_PROFILE_NONE },
		"dpop_bound_access_tokens":              func(r *authzv1.Registration) { r.Client.DpopBoundAccessTokens = false },
		"require_pushed_authorization_requests": func(r *authzv1.Registration) { r.RequirePushedAuthorizationRequests = false },
		"refresh_retry":                         func(r *authzv1.Registration) { r.Client.RefreshRetrySeconds = nil },
		"publisher":                             func(r *authzv1.Registration) { r.Identity.Publisher = "Other" },
		"purpose":                               func(r *authzv1.Registration) { r.Identity.Purpose = "" },
		"client_uri":                            func(r *authzv1.Registration) { r.Identity.ClientUri = "" },
		"policy_uri":                            func(r *authzv1.Registration) { r.Identity.PolicyUri = "" },
		"tos_uri":                               func(r *authzv1.Registration) { r.Identity.TosUri = "" },
		"optional_scopes":                       func(r *authzv1.Registration) { r.OptionalScopes = nil },
		"id_token_signed_response_alg":          func(r *authzv1.Registration) { r.Client.IdTokenSignedResponseAlg = "" },
		"post_logout_redirect_uris":             func(r *authzv1.Registration) { r.PostLogoutRedirectUris = nil },
		"backchannel_logout_uri":                func(r *authzv1.Registration) { r.Client.BackchannelLogoutUri = "" },
		"backchannel_logout_session_required":   func(r *authzv1.Registration) { r.Client.BackchannelLogoutSessionRequired = false },
	} {
		have := registered(c.Create())
		change(have)
		req, differences, err := c.Update(have)
		if err != nil || len(differences) != 1 || differences[0].Member != name {
			t.Errorf("%s: %+v, %v", name, differences, err)
			continue
		}
		fields := 0
		req.ProtoReflect().Range(func(protoreflect.FieldDescriptor, protoreflect.Value) bool { fields++; return true })
		if want := map[string]int{"name": 3, "publisher": 3}[name]; fields != max(want, 2) {
			t.Errorf("%s: the update is %v", name, req)
		}
	}
	for name, change := range map[string]func(r *authzv1.Registration){
		"type":      func(r *authzv1.Registration) { r.Client.Type = authzv1.ClientType_CLIENT_TYPE_PUBLIC },
		"workspace": func(r *authzv1.Registration) { r.Client.WorkspaceId = "ws_doe" },
	} {
		have := registered(c.Create())
		change(have)
		if _, _, err := c.Update(have); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names it", name, err)
		}
	}
}

func TestAMemberThatIsLeftOutGetsItsDefault(t *testing.T) {
	have := registered(parse(t, whole)[0].Create())
	left := parse(t, "clients: [{id: vdo_client_a, name: An App, redirect_uris: [https://a.example/cb], scopes: [jobs:read], application_type: web, "+
		"workspace: ws_acme, grant_types: [client_credentials]}]")[0]
	req, _, err := left.Update(have)
	if err != nil || !req.GetClearDefaultScopes() || !req.GetDefaultRefreshRetry() || req.GetReuse() != authzv1.Reuse_REUSE_SUBJECT ||
		req.Unverified == nil || req.GetUnverified() || req.ResourceServer == nil || req.GetResourceServer() {
		t.Errorf("the update is %v, %v", req, err)
	}
	empty := parse(t, "clients: [{id: vdo_client_a, name: An App}]")[0]
	if _, _, err := empty.Update(have); err == nil || !strings.Contains(err.Error(), "redirect_uris") {
		t.Errorf("%v, want that a list cannot become empty", err)
	}
}

func TestAManifestIsStrict(t *testing.T) {
	for what, row := range map[string]struct{ text, says string }{
		"nothing":             {"", "empty"},
		"no list":             {"{}", "no clients"},
		"an empty list":       {"clients: []", "no clients"},
		"another list":        {"client: []", "client"},
		"a secret":            {"clients: [{id: a, name: A, client_secret: x}]", "no secrets"},
		"a misspelt member":   {"clients: [{id: a, name: A, scope: [x]}]", "scope"},
		"no id":               {"clients: [{name: A}]", "id is required"},
		"no name":             {"clients: [{id: a}]", "name is required"},
		"an id twice":         {"clients: [{id: a, name: A}, {id: a, name: B}]", "twice"},
		"a type":              {"clients: [{id: a, name: A, type: secret}]", "confidential or public"},
		"an application type": {"clients: [{id: a, name: A, application_type: tv}]", "native or web"},
		"a reuse":             {"clients: [{id: a, name: A, reuse: all}]", "subject or family"},
		"half a second":       {"clients: [{id: a, name: A, refresh_retry: 500ms}]", "whole seconds"},
		"a long window":       {"clients: [{id: a, name: A, refresh_retry: 31s}]", "30s"},
		"two documents":       {"clients: [{id: a, name: A}]\n---\nclients: []", "one document"},
		"no YAML":             {"clients: [", "yaml"},
	} {
		if _, err := manifest.Parse(strings.NewReader(row.text)); err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", what, err, row.says)
		}
	}
}

// TestANewClientNeedsNoIdentifier: the one that the file has is dropped, and everything else holds.
func TestANewClientNeedsNoIdentifier(t *testing.T) {
	for _, text := range []string{"clients: [{name: An App}]", "clients: [{id: vdo_client_a, name: An App}]"} {
		c, err := manifest.ParseNew(strings.NewReader(text))
		if err != nil || c.ID != "" || c.Name != "An App" || c.Type != "confidential" {
			t.Errorf("%s is %+v, %v", text, c, err)
		}
	}
	for _, text := range []string{"", "clients: []", "clients: [{name: A}, {name: B}]", "clients: [{id: vdo_client_a}]", "clients: [{name: A, type: other}]", "clients: [{name: A, secret: x}]"} {
		if c, err := manifest.ParseNew(strings.NewReader(text)); err == nil {
			t.Errorf("%s is %+v", text, c)
		}
	}
}
