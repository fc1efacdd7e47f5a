package connectedapp

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Failures of Disconnect.
var (
	// ErrClientMissing is a call that names no app.
	ErrClientMissing = errors.New("no app was named")
	// ErrNotConnected is an app that the person never let in.
	ErrNotConnected = errors.New("the app was never connected")
)

// App is an app that a person let in.
type App struct {
	ClientID string
	// Name is the app's name as registered: untrusted text. It is the identifier of an app that is
	// registered no more.
	Name       string
	Workspaces []Workspace
	// ApprovedAt is the latest approval.
	ApprovedAt time.Time
	// LastUsed is zero when no token of the app was ever issued.
	LastUsed time.Time
}

// Workspace is what an app may do in one workspace.
type Workspace struct {
	ID string
	// Name is the identifier when the person belongs to the workspace no more.
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

// Identity says who a browser is and how the person's workspaces are called. Its failures pass
// through a Service.
type Identity interface {
	UserID(ctx context.Context, session secret.String) (string, error)
	// WorkspaceNames are the names of the person's workspaces by identifier.
	WorkspaceNames(ctx context.Context, userID string) (map[string]string, error)
}

// Clients knows the names of apps.
type Clients interface {
	// ClientNames are names by identifier; apps that are unknown are left out.
	ClientNames(ctx context.Context, ids []string) (map[string]string, error)
}

// Connections are what token knows of a user's clients.
type Connections interface {
	// ListConnections lists the clients. One that is missing has the epoch 0 and was never used.
	ListConnections(ctx context.Context, userID string) ([]oauth.Connection, error)
	// EndConnection ends everything of the user-client and raises its epoch before it returns. It
	// may be repeated.
	EndConnection(ctx context.Context, u oauth.UserClient) error
	// GetPairEpoch reads the epoch of the user-client.
	GetPairEpoch(ctx context.Context, u oauth.UserClient) (int64, error)
}

// Approvals is the durable record of what was approved.
type Approvals interface {
	// Approvals lists the person's, also those that count no more, the oldest first.
	Approvals(ctx context.Context, userID string) ([]Approval, error)
	// Prune drops those of the user-client whose epoch is lower.
	Prune(ctx context.Context, u oauth.UserClient, epoch int64) error
}

// Service lists and disconnects apps. Its methods may be called concurrently.
type Service struct {
	Identity    Identity
	Clients     Clients
	Connections Connections
	Approvals   Approvals
	// ScopeOrder are the catalog's scopes at this moment, in its order.
	ScopeOrder func() []string
	Logger     *slog.Logger
}
