package rpc

import (
	"context"
	"fmt"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/activity/internal/access"
)

// Identity confirms sessions at the identity service: access.Identity.
type Identity struct {
	Sessions identityv1.SessionServiceClient
}

// User is access.Identity.
func (i Identity) User(ctx context.Context, session secret.String) (access.User, error) {
	res, err := i.Sessions.GetSession(ctx, &identityv1.GetSessionRequest{SessionToken: session.Reveal(), IncludeWorkspaces: true})
	if err != nil {
		return access.User{}, fmt.Errorf("resolving the session: %w", err)
	}
	user := access.User{ID: res.GetSession().GetUserId(), Roles: map[string]oauth.Role{}, Names: map[string]string{}}
	for _, w := range res.GetWorkspaces().GetWorkspaces() {
		user.Roles[w.GetWorkspaceId()], user.Names[w.GetWorkspaceId()] = oauth.Role(enumname.Of(w.GetRole())), w.GetName()
	}
	return user, nil
}

// Authz knows the clients: access.Clients.
type Authz struct {
	Clients authzv1.ClientServiceClient
}

// Owner is access.Clients.
func (a Authz) Owner(ctx context.Context, clientID string) (workspaceID string, err error) {
	res, err := a.Clients.BatchGetClients(ctx, &authzv1.BatchGetClientsRequest{ClientIds: []string{clientID}})
	if err != nil {
		return "", fmt.Errorf("reading the client: %w", err)
	}
	for _, c := range res.GetClients() {
		if c.GetClientId() == clientID {
			return c.GetOwnerWorkspaceId(), nil
		}
	}
	return "", nil
}

// Names returns the names of those of some clients that exist.
func (a Authz) Names(ctx context.Context, clientIDs []string) (map[string]string, error) {
	names := map[string]string{}
	if len(clientIDs) == 0 {
		return names, nil
	}
	res, err := a.Clients.BatchGetClients(ctx, &authzv1.BatchGetClientsRequest{ClientIds: clientIDs})
	if err != nil {
		return nil, fmt.Errorf("reading clients: %w", err)
	}
	for _, c := range res.GetClients() {
		names[c.GetClientId()] = c.GetName()
	}
	return names, nil
}
