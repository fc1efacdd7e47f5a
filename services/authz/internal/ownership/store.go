package ownership

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/emailaddress"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// The errors of a Store. Each changes nothing.
var (
	// ErrTooMany is returned if there are as many of something as there may be.
	ErrTooMany = errors.New("there are as many as there may be")
	// ErrLast is returned if the last one of something would be removed.
	ErrLast = errors.New("the last one cannot be removed")
	// ErrUsed is returned if something was used lately.
	ErrUsed = errors.New("it was used lately")
	// ErrStale is returned if something was changed since the user saw it.
	ErrStale = errors.New("it was changed meanwhile")
	// ErrSubmitted is returned for a change of what is reviewed while the client waits for its review.
	ErrSubmitted = errors.New("the client waits for its review")
	// ErrUsers is returned if as many users as may have approved a client that is not verified.
	ErrUsers = errors.New("the client has as many users as it may have")
)

// Registration is a new client of a workspace.
type Registration struct {
	Client client.Registration
	// Secret is nil for a public client and for one with keys.
	Secret *secret.Record
	Keys   []client.Key
	// Limit is how many clients the workspace may have; 0 is any number.
	Limit int
}

// Approval is the approval of a client by a user.
type Approval struct {
	ClientID, UserID string
	// RedirectURI is as registered; empty for the approval of a device.
	RedirectURI string
	// Limit is how many users the client may have; 0 is any number.
	Limit int
}

// Review is the operator's decision about a client: approval, suspension, or else refusal.
type Review struct {
	ClientID string
	Approve  bool
	Suspend  bool
	// Verified makes an approved client a verified one.
	Verified bool
	Note     string
	// SubmittedAt is when the client was submitted as the operator saw it; zero for whatever waits.
	SubmittedAt time.Time
}

// RedirectURI is another redirect URI of a client.
type RedirectURI struct {
	ClientID, URI string
	// Limit is how many the client may have.
	Limit int
	// Reviewed says that a review is about it: it makes the client unverified.
	Reviewed bool
}

// Tester is a user who may connect a client that is not live.
type Tester struct {
	Address emailaddress.Address
	AddedAt time.Time
}

// Store stores the clients of workspaces. Its methods return client.ErrUnknown if there is no such
// client.
type Store interface {
	// CreateOwned returns ErrTooMany for the workspace's limit.
	CreateOwned(ctx context.Context, r Registration) error
	// ListOwned returns the clients of a workspace, and how many users have approved each, at most limit.
	ListOwned(ctx context.Context, workspaceID string, limit int) ([]registry.Client, map[string]int, error)
	ListSubmitted(ctx context.Context, after time.Time, afterID string, limit int) ([]registry.Client, error)
	FindClient(ctx context.Context, id string) (registry.Client, error)
	CountOwnedUsers(ctx context.Context, clientID string, limit int) (int, error)
	Submit(ctx context.Context, clientID string) error
	Withdraw(ctx context.Context, clientID string) error
	// Review returns client.ErrUnknown if the client does not wait for the decision.
	Review(ctx context.Context, r Review) error
	// AddRedirectURI returns ErrTooMany, or ErrSubmitted.
	AddRedirectURI(ctx context.Context, r RedirectURI) error
	// RemoveRedirectURI returns ErrLast, and ErrUsed for one that was used within unused.
	RemoveRedirectURI(ctx context.Context, clientID, uri string, unused time.Duration) error
	RedirectURIUses(ctx context.Context, clientID string, kept time.Duration) (map[string]time.Time, error)
	// AddTester returns ErrTooMany.
	AddTester(ctx context.Context, clientID string, address emailaddress.Address, limit int) error
	RemoveTester(ctx context.Context, clientID string, address emailaddress.Address) error
	Testers(ctx context.Context, clientID string) ([]Tester, error)
	// AddSecret returns ErrStale, or ErrTooMany.
	AddSecret(ctx context.Context, r SecretRequest, record secret.Record) error
	// RemoveSecret returns ErrLast.
	RemoveSecret(ctx context.Context, clientID, secretID string) error

	AudienceStore
}

// AudienceStore is the part of the store that an approval needs.
type AudienceStore interface {
	IsTester(ctx context.Context, clientID string, address emailaddress.Address) (bool, error)
	// AdmitOwnedUser returns ErrUsers.
	AdmitOwnedUser(ctx context.Context, a Approval) error
}
