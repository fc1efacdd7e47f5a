package account

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Errors of the directory.
var (
	// ErrUnknown is returned if no user has the identifier or address.
	ErrUnknown = errors.New("unknown user")
	// ErrNotMember is returned if the user is not a member of the workspace, is unknown or is
	// disabled.
	ErrNotMember = errors.New("not a member of the workspace")
	// ErrUnknownWorkspace is returned if no workspace has the identifier.
	ErrUnknownWorkspace = errors.New("unknown workspace")
	// ErrUnknownUserOrWorkspace is returned if the user or the workspace of a new membership does
	// not exist.
	ErrUnknownUserOrWorkspace = errors.New("unknown user or workspace")
	// ErrAddressTaken is returned if another user has the address.
	ErrAddressTaken = errors.New("the e-mail address is taken")
	// ErrWorkspaceTaken is returned if another workspace has the identifier.
	ErrWorkspaceTaken = errors.New("the workspace identifier is taken")
)

// maxIDLength exceeds the length of every identifier.
const maxIDLength = 128

// ValidID reports whether s can be the identifier of a user or a workspace: printable ASCII without
// spaces. Other strings are refused before any query, since a database may be unable to compare
// them.
func ValidID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxIDLength
}

// User is an account.
type User struct {
	// ID starts with "usr_" and never changes.
	ID           string
	EmailAddress Address
	FirstName    string
	LastName     string
	// DisplayName is the name that other users see.
	DisplayName string
	// Disabled users cannot sign in, and have no session and no workspace.
	Disabled bool
	// CreatedAt is the time of creation, by the database's clock.
	CreatedAt time.Time
	// SessionEpoch invalidates the browser sessions that were created with a smaller epoch.
	SessionEpoch int64
	// Language (BCP 47) and TimeZone (IANA) are what the user reads in; empty for no choice.
	Language, TimeZone string
}

// Profile is what a user can change about themselves.
type Profile struct{ FirstName, LastName, DisplayName, Language, TimeZone string }

// Profile returns the user's profile.
func (u User) Profile() Profile {
	return Profile{
		FirstName: u.FirstName, LastName: u.LastName, DisplayName: u.DisplayName, Language: u.Language, TimeZone: u.TimeZone,
	}
}

// Record is a user with the fields that authentication needs.
type Record struct {
	User
	// PasswordHash is a PHC string; empty if the user has no password.
	PasswordHash secret.String
}

// Workspace is a workspace of a team.
type Workspace struct {
	// ID starts with "ws_" and never changes.
	ID   string
	Name string
	// Plan is the name of its plan in the catalog.
	Plan string
}

// Membership is a workspace and the role of one of its members.
type Membership struct {
	UserID    string
	Workspace Workspace
	Role      oauth.Role
}

// WorkspaceMember is a user and their role in a workspace.
type WorkspaceMember struct {
	User User
	Role oauth.Role
}

// Directory is a set of users and their memberships.
type Directory struct {
	Users       []Record
	Memberships []Membership
}

// VisibleUserQuery asks which part of a user another user may see.
type VisibleUserQuery struct {
	// ActorID is the user who asks.
	ActorID string
	// OnlyWorkspaceID is the only workspace that the actor may act for; empty for all.
	OnlyWorkspaceID string
	// Address is the address of the requested user; no user has an empty one.
	Address Spelling
}

// VisibleUser is a user as another user may see them.
type VisibleUser struct {
	User User
	// Workspaces are the user's memberships that the actor may see, by name.
	Workspaces []Membership
}

// Memberships is the part of the store that reads memberships. A disabled user has none.
type Memberships interface {
	// ListWorkspaces returns an enabled user's memberships by the workspace's name; none for an
	// unknown or disabled user.
	ListWorkspaces(ctx context.Context, userID string) ([]Membership, error)
	// GetMembership returns one membership of an enabled user, or ErrNotMember.
	GetMembership(ctx context.Context, userID, workspaceID string) (Membership, error)
	// BatchGetWorkspaces returns the existing workspaces among these, in no particular order.
	BatchGetWorkspaces(ctx context.Context, ids []string) ([]Workspace, error)
	// GetVisibleUser returns a user as an enabled user may see them: themselves, or a member of a
	// workspace that they administer. It returns ErrUnknown for every other user, whatever the
	// cause.
	GetVisibleUser(ctx context.Context, query VisibleUserQuery) (VisibleUser, error)
}
