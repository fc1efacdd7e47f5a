package connectedapp

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Errors of Disconnect.
var (
	// ErrClientMissing is a call without a client.
	ErrClientMissing = errors.New("no app was named")
	// ErrNotConnected is a client that the user never approved.
	ErrNotConnected = errors.New("the app was never connected")
)

// App is a client that a user has approved, as the page of connections shows it.
type App struct {
	ClientID string
	// Name is the client's name as registered: untrusted text. It is the identifier of a client
	// that is no longer registered.
	Name string
	// Identity describes the client to users; nil where it is not known.
	Identity   *oauth.AppIdentity
	Workspaces []Workspace
	// FirstApprovedAt is the first approval that is kept, and ApprovedAt the latest.
	FirstApprovedAt, ApprovedAt time.Time
	// LastUsed is zero when no token was ever issued to the client.
	LastUsed time.Time
	// Changes are the parts of the client's description that differ from those of its newest grant.
	Changes []oauth.DescriptionChange
	// Installations are those of a client whose identifier all installations share, the newest first;
	// nil for any other client.
	Installations []Installation
	// Lifetimes are how long the access lasts; zero where that is not known.
	Lifetimes oauth.GrantLifetimes
}

// Installation is a client on one device.
type Installation struct {
	ID string
	// WorkspaceName is the identifier when the user is no longer a member of the workspace.
	WorkspaceName       string
	CreatedAt, LastUsed time.Time
}

// Workspace is a client's scope in one workspace.
type Workspace struct {
	ID string
	// Name is the identifier when the user is no longer a member of the workspace.
	Name  string
	Scope oauth.Scope
}

// Approval is what was approved in one workspace by one or several equal decisions.
type Approval struct {
	ClientID    string
	WorkspaceID string
	Scope       oauth.Scope
	Epoch       int64
	// First is when it was first approved, and At when last.
	First, At time.Time
}

// Identity resolves sessions and the names of workspaces. Its errors pass through a Service.
type Identity interface {
	UserID(ctx context.Context, session secret.String) (string, error)
	// WorkspaceNames returns the names of the user's workspaces by identifier.
	WorkspaceNames(ctx context.Context, userID string) (map[string]string, error)
}

// Client is a client as it is registered now.
type Client struct {
	// Name is untrusted text.
	Name string
	// Identity is nil from release 0.1.
	Identity *oauth.AppIdentity
	// DescriptionDigest is that of its description now; empty where it is not known.
	DescriptionDigest string
	// Shared says that all installations of the client share its identifier.
	Shared bool
	// Scope is what it may ask for; empty where that is not known.
	Scope oauth.Scope
}

// Clients looks up clients.
type Clients interface {
	// DescribeClients returns clients by identifier; unknown ones are left out.
	DescribeClients(ctx context.Context, ids []string) (map[string]Client, error)
}

// Connections are the user-clients of the token service.
type Connections interface {
	// ListConnections lists the clients. One that is missing has the epoch 0 and was never used.
	ListConnections(ctx context.Context, userID string) ([]oauth.Connection, error)
	// EndConnection revokes every grant of the user-client and raises its epoch before it returns.
	// It is idempotent.
	EndConnection(ctx context.Context, u oauth.UserClient) error
	// EndConnectionIn is EndConnection for the grants in one workspace.
	EndConnectionIn(ctx context.Context, u oauth.UserClient, workspaceID string) error
	// ListInstallations returns the live grants of the user to clients, the newest of each first.
	ListInstallations(ctx context.Context, userID string, clientIDs []string) ([]oauth.Installation, error)
	// EndInstallation revokes one grant of the user-client before it returns. It is idempotent.
	EndInstallation(ctx context.Context, u oauth.UserClient, id string) error
	// ListRevocations returns the latest revocation of each client and of each workspace in it.
	ListRevocations(ctx context.Context, userID string) ([]Revocation, error)
	// GetPairEpoch reads the epoch of the user-client.
	GetPairEpoch(ctx context.Context, u oauth.UserClient) (int64, error)
}

// Approvals persists what was approved.
type Approvals interface {
	// Approvals returns the user's approvals, also those that were revoked, the oldest first.
	Approvals(ctx context.Context, userID string) ([]Approval, error)
	// Prune deletes approvals of the user-client with a lower epoch.
	Prune(ctx context.Context, u oauth.UserClient, epoch int64) error
	// PruneIn is Prune for the approvals in one workspace. It deletes all of them.
	PruneIn(ctx context.Context, u oauth.UserClient, workspaceID string, epoch int64) error
}

// Service lists and disconnects clients. Its methods may be called concurrently.
type Service struct {
	Identity    Identity
	Clients     Clients
	Connections Connections
	Approvals   Approvals
	// ScopeOrder returns the current scopes in the order of the catalog.
	ScopeOrder func() []string
	Logger     *slog.Logger
}
