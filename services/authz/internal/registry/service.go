package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Workspaces reads the workspaces of the identity service.
type Workspaces interface {
	// WorkspaceExists reports whether there is a workspace with the identifier.
	WorkspaceExists(ctx context.Context, id string) (bool, error)
}

// checkService refuses a client that could not use client_credentials, or that has a workspace
// without it (RFC 6749 §4.4). It asks for the workspace last.
func (d Clients) checkService(ctx context.Context, registration client.Registration) error {
	workspace := registration.Service.WorkspaceID
	switch serves := isService(registration); {
	case serves && registration.Type != client.Confidential:
		return oauth.InvalidField("grant_types", fmt.Sprintf(
			"has %s, which is for confidential clients: a public client cannot authenticate", oauth.ClientCredentialsGrant))
	case serves && workspace == "":
		return oauth.InvalidField("workspace_id", fmt.Sprintf(
			"is required with %s: the client's tokens are for one workspace", oauth.ClientCredentialsGrant))
	case !serves && workspace != "":
		return oauth.InvalidField("workspace_id", fmt.Sprintf(
			"needs the grant type %s: users choose the workspace for all others", oauth.ClientCredentialsGrant))
	case !serves:
		return nil
	}
	exists, err := d.Workspaces.WorkspaceExists(ctx, workspace)
	if err == nil && !exists {
		err = oauth.InvalidField("workspace_id", "names no workspace")
	}
	return err
}

// checkServiceChange is checkService for a change that concerns the grant types or the workspace. A
// client that was removed from its workspace can be changed otherwise without being given another.
func (d Clients) checkServiceChange(ctx context.Context, c Change, before, after client.Registration) error {
	if old := before.Service.WorkspaceID; old != "" && c.WorkspaceID != "" && c.WorkspaceID != old {
		return oauth.InvalidField("workspace_id", fmt.Sprintf(
			"cannot change from %s: remove the client from its workspace first, which revokes its tokens", old))
	}
	if c.WorkspaceID == "" && (len(c.GrantTypes) == 0 || isService(before) && isService(after)) {
		return nil
	}
	if before.Service.WorkspaceID != "" && !isService(after) {
		return oauth.InvalidField("grant_types", fmt.Sprintf(
			"must include %s: remove the client from its workspace first, which revokes its tokens", oauth.ClientCredentialsGrant))
	}
	return d.checkService(ctx, after)
}

// isService reports whether the client may get tokens for itself.
func isService(registration client.Registration) bool {
	return oauth.AnyGrantType(registration.GrantTypes, func(g oauth.GrantType) bool { return g.Service })
}

// checkRefresh refuses refresh_token for a client that no user grants anything: client_credentials
// issues no refresh token (RFC 6749 §4.4.3).
func checkRefresh(names []string) error {
	granted := oauth.AnyGrantType(names, func(g oauth.GrantType) bool { return g.Starts && !g.Service })
	if slices.Contains(names, oauth.RefreshTokenGrant) && !granted {
		return oauth.InvalidField("grant_types", fmt.Sprintf(
			"has %s, and no grant type that issues refresh tokens: %s does not", oauth.RefreshTokenGrant, oauth.ClientCredentialsGrant))
	}
	return nil
}
