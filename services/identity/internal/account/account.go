package account

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Failures of the directory.
var (
	// ErrUnknown says that no user has that identifier or address.
	ErrUnknown = errors.New("unknown user")
	// ErrNotMember says that there is no membership to see: the user is no member, unknown or disabled.
	ErrNotMember = errors.New("not a member of the workspace")
	// ErrUnknownWorkspace says that no workspace has that identifier.
	ErrUnknownWorkspace = errors.New("unknown workspace")
	// ErrUnknownUserOrWorkspace says that there is no such user, or no such workspace, to bring together.
	ErrUnknownUserOrWorkspace = errors.New("unknown user or workspace")
	// ErrAddressTaken says that a user has that address already.
	ErrAddressTaken = errors.New("the e-mail address is taken")
	// ErrWorkspaceTaken says that a workspace has that identifier already.
	ErrWorkspaceTaken = errors.New("the workspace identifier is taken")
)

// maxIDLength is more than any identifier has.
const maxIDLength = 128

// ValidID reports whether s can be an identifier of a user or a workspace: printable ASCII without spaces. Anything else is
// nobody's, and is not worth asking a store, which may not even be able to compare it.
func ValidID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxIDLength
}

// User is a person.
type User struct {
	// ID begins with "usr_" and never changes.
	ID           string
	EmailAddress Address
	FirstName    string
	LastName     string
	// DisplayName is what others see.
	DisplayName string
	// Disabled users cannot sign in, have no session and see no workspace.
	Disabled bool
	// CreatedAt is when the user was created, by the database's clock.
	CreatedAt time.Time
	// SessionEpoch ends the browser sessions that were begun under a smaller one.
	SessionEpoch int64
}

// Record is a user as authentication needs it.
type Record struct {
	User
	// PasswordHash is a PHC string; empty when the user has no password and so cannot sign in with one.
	PasswordHash secret.String
}

// Role is what a member may do in a workspace.
type Role string

// The roles. The zero value is none.
const (
	Member        Role = "member"
	Administrator Role = "administrator"
)

// Workspace is a team's space.
type Workspace struct {
	// ID begins with "ws_" and never changes.
	ID   string
	Name string
	// Plan is its plan's name in the catalog.
	Plan string
}

// Membership is a workspace as one of its members has it.
type Membership struct {
	UserID    string
	Workspace Workspace
	Role      Role
}

// WorkspaceMember is a user with what they may do in a workspace.
type WorkspaceMember struct {
	User User
	Role Role
}

// People are users and workspaces that belong together.
type People struct {
	Users       []Record
	Memberships []Membership
}

// Sight is who wants to see whom.
type Sight struct {
	// ActorID is the user who asks.
	ActorID string
	// OnlyWorkspaceID is the only workspace that the actor may speak for; empty for all.
	OnlyWorkspaceID string
	// Address is that of the user who is asked about; an empty one is nobody's.
	Address Spelling
}

// Visible is a user as another one may see them.
type Visible struct {
	User User
	// Workspaces are those of the user that the actor may see, by name.
	Workspaces []Membership
}

// Memberships is the part of the store that says who belongs where. A disabled user belongs nowhere.
type Memberships interface {
	// Workspaces lists an enabled user's memberships by the workspace's name; none for anybody else.
	Workspaces(ctx context.Context, userID string) ([]Membership, error)
	// Membership reads one membership of an enabled user. It fails with ErrNotMember.
	Membership(ctx context.Context, userID, workspaceID string) (Membership, error)
	// WorkspacesByID reads the workspaces that exist among these, in no particular order.
	WorkspacesByID(ctx context.Context, ids []string) ([]Workspace, error)
	// Visible reads a user as an enabled user may see them: oneself, or a member of a workspace that one administers. It
	// fails with ErrUnknown for everybody else, and nothing tells why.
	Visible(ctx context.Context, sight Sight) (Visible, error)
}
