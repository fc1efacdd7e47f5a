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
	Name       string
	Workspaces []Workspace
	// ApprovedAt is the latest approval.
	ApprovedAt time.Time
	// LastUsed is zero when no token was ever issued to the client.
	LastUsed time.Time
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
	// At is when it was last approved.
	At time.Time
}

// Identity resolves sessions and the names of workspaces. Its errors pass through a Service.
type Identity interface {
	UserID(ctx context.Context, session secret.String) (string, error)
	// WorkspaceNames returns the names of the user's workspaces by identifier.
	WorkspaceNames(ctx context.Context, userID string) (map[string]string, error)
}

// Clients looks up the names of clients.
type Clients interface {
	// ClientNames returns names by identifier; unknown clients are left out.
	ClientNames(ctx context.Context, ids []string) (map[string]string, error)
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
