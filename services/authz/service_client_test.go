package authz_test

import (
	"context"
	"slices"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

// workspaces is the directory of the fake identity service: it has ws_acme and ws_doe.
type workspaces struct {
	identityv1.UnimplementedDirectoryServiceServer
}

func (workspaces) BatchGetWorkspaces(
	_ context.Context, req *identityv1.BatchGetWorkspacesRequest,
) (*identityv1.BatchGetWorkspacesResponse, error) {
	res := &identityv1.BatchGetWorkspacesResponse{}
	for _, id := range req.GetWorkspaceIds() {
		if slices.Contains([]string{"ws_acme", "ws_doe"}, id) {
			res.Workspaces = append(res.Workspaces, &identityv1.Workspace{WorkspaceId: id})
		}
	}
	return res, nil
}

// serviceRegistration is a client that gets tokens for itself.
func serviceRegistration(change ...func(*authzv1.CreateClientRequest)) *authzv1.CreateClientRequest {
	req := &authzv1.CreateClientRequest{
		Name: "Nightly report", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, Scopes: []string{"videos:read"},
		GrantTypes: []string{"client_credentials"}, WorkspaceId: "ws_acme",
	}
	for _, c := range change {
		c(req)
	}
	return req
}

func grants(names ...string) func(*authzv1.CreateClientRequest) {
	return func(r *authzv1.CreateClientRequest) { r.GrantTypes = names }
}

// TestN8_1_AServiceClientIsConfidentialAndHasAWorkspace: anything else is refused by the field.
func TestN8_1_AServiceClientIsConfidentialAndHasAWorkspace(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	for what, row := range map[string]struct {
		field  string
		change func(*authzv1.CreateClientRequest)
	}{
		"a public client":  {"grant_types", func(r *authzv1.CreateClientRequest) { r.Type = authzv1.ClientType_CLIENT_TYPE_PUBLIC }},
		"no workspace":     {"workspace_id", func(r *authzv1.CreateClientRequest) { r.WorkspaceId = "" }},
		"none that exists": {"workspace_id", func(r *authzv1.CreateClientRequest) { r.WorkspaceId = "ws_nowhere" }},
		"a workspace without the grant type": {"workspace_id", func(r *authzv1.CreateClientRequest) {
			r.GrantTypes, r.RedirectUris = []string{"authorization_code"}, []string{callback}
		}},
		"no scope":                {"scopes", func(r *authzv1.CreateClientRequest) { r.Scopes = nil }},
		"refresh tokens":          {"grant_types", grants("client_credentials", "refresh_token")},
		"codes and no address":    {"redirect_uris", grants("client_credentials", "authorization_code")},
		"the grant type in other": {"grant_types", grants("Client_Credentials")},
	} {
		_, err := operator.CreateClient(t.Context(), serviceRegistration(row.change))
		wantFieldReason(t, what, err, row.field)
	}
}

// TestN8_1_TheWorkspaceNeverChanges: a client is removed from its workspace first, by the token
// service, which revokes its tokens.
func TestN8_1_TheWorkspaceNeverChanges(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	id, clear := b.register(t, serviceRegistration())
	workspace := func() string {
		t.Helper()
		res, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
			Credentials: []*authzv1.ClientCredentials{{ClientId: id, ClientSecret: clear}},
		})
		if err != nil || (res.GetClient().GetWorkspaceId() == "") != (len(res.GetServiceScopes()) == 0) {
			t.Fatalf("%v, %v", res, err)
		}
		return res.GetClient().GetWorkspaceId()
	}
	update := func(req *authzv1.UpdateClientRequest) error {
		req.ClientId = id
		_, err := operator.UpdateClient(t.Context(), req)
		return err
	}
	if got := workspace(); got != "ws_acme" {
		t.Errorf("it belongs to %q", got)
	}
	wantFieldReason(t, "another workspace", update(&authzv1.UpdateClientRequest{WorkspaceId: "ws_doe"}), "workspace_id")
	wantFieldReason(t, "another grant type", update(&authzv1.UpdateClientRequest{
		GrantTypes: []string{"authorization_code"}, RedirectUris: []string{callback},
	}), "grant_types")
	name := "Daily report"
	for what, req := range map[string]*authzv1.UpdateClientRequest{
		"the same workspace": {WorkspaceId: "ws_acme"}, "another name": {Name: &name}, "other scopes": {Scopes: []string{"jobs:read"}},
	} {
		if err := update(req); err != nil || workspace() != "ws_acme" {
			t.Errorf("%s: %v", what, err)
		}
	}
	remove := authzv1.NewAdministrationServiceClient(dial(t, b.network, "token", "authz"))
	for range 2 { // it may be repeated
		if _, err := remove.ApplyRemoveClientFromWorkspace(t.Context(), &authzv1.ApplyRemoveClientFromWorkspaceRequest{ClientId: id}); err != nil || workspace() != "" {
			t.Errorf("removed: %v", err)
		}
	}
	name = "Report"
	for what, req := range map[string]*authzv1.UpdateClientRequest{"a name": {Name: &name}, "scopes": {Scopes: []string{"videos:read"}}} {
		if err := update(req); err != nil || workspace() != "" {
			t.Errorf("%s, without a workspace: %v", what, err)
		}
	}
	wantFieldReason(t, "one that does not exist", update(&authzv1.UpdateClientRequest{WorkspaceId: "ws_nowhere"}), "workspace_id")
	if err := update(&authzv1.UpdateClientRequest{WorkspaceId: "ws_doe"}); err != nil || workspace() != "ws_doe" {
		t.Errorf("a new workspace: %v", err)
	}
}
