package ownership

import (
	"context"
	"errors"
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrSignedOut is returned for a session that is unknown, expired or ended.
var ErrSignedOut = errors.New("signed out")

// Workspace is a workspace of a user.
type Workspace struct {
	ID, Name, Plan string
	Role           oauth.Role
}

// Person is the user of a session.
type Person struct {
	UserID, DisplayName, Email, Language, TimeZone string
	Workspaces                                     []Workspace
}

// People finds the user of a session.
type People interface {
	// Person returns the user with the workspaces, or ErrSignedOut.
	Person(ctx context.Context, session secret.String) (Person, error)
}

// manages returns the workspaces in which the user may manage clients.
func (p Person) manages() []Workspace {
	return slices.DeleteFunc(slices.Clone(p.Workspaces), func(w Workspace) bool { return !w.Role.ManagesClients() })
}

// team returns the workspace with an identifier if the user may manage clients in it.
func (p Person) team(workspaceID string) (Workspace, bool) {
	for _, w := range p.manages() {
		if w.ID == workspaceID && workspaceID != "" {
			return w, true
		}
	}
	return Workspace{}, false
}
