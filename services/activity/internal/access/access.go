// Package access decides who may read what happened.
//
// It owns the rule: a user reads about themselves, an administrator about their workspace, and an
// administrator or developer of the workspace that a client belongs to about that client. An object
// that a user may not read about looks like one that does not exist. It trusts only a user whom the
// identity service has confirmed, and a workspace that the authorization service has named.
package access

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrNotFound says that the object does not exist, or that the user may not read about it.
var ErrNotFound = errors.New("not found")

// User is a confirmed user.
type User struct {
	ID string
	// Roles maps the user's workspaces to the role in each.
	Roles map[string]oauth.Role
	// Names maps them to their names.
	Names map[string]string
}

// Identity confirms sessions.
type Identity interface {
	// User returns the user of a session.
	User(ctx context.Context, session secret.String) (User, error)
}

// Clients knows the clients.
type Clients interface {
	// Owner returns the workspace that a client belongs to; empty for one that the operator
	// registered, and for one that does not exist.
	Owner(ctx context.Context, clientID string) (workspaceID string, err error)
}

// Rules are the rules.
type Rules struct {
	Identity Identity
	Clients  Clients
}

// Own returns the user of a session.
func (r Rules) Own(ctx context.Context, session secret.String) (User, error) {
	return r.Identity.User(ctx, session)
}

// Client returns the session's user, or ErrNotFound unless the session's user may read about the client.
func (r Rules) Client(ctx context.Context, session secret.String, clientID string) (User, error) {
	user, err := r.Identity.User(ctx, session)
	if err != nil {
		return User{}, err
	}
	owner, err := r.Clients.Owner(ctx, clientID)
	if err != nil {
		return User{}, err
	}
	if owner == "" || !user.Roles[owner].ManagesClients() {
		return User{}, ErrNotFound
	}
	return user, nil
}

// Workspace returns the session's user, or ErrNotFound unless the session's user administers the workspace.
func (r Rules) Workspace(ctx context.Context, session secret.String, workspaceID string) (User, error) {
	user, err := r.Identity.User(ctx, session)
	if err != nil {
		return User{}, err
	}
	if user.Roles[workspaceID] != oauth.RoleAdministrator {
		return User{}, ErrNotFound
	}
	return user, nil
}
