package authapp

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// ErrUnknown is returned if no authentication app has the identifier, or if it is revoked and must
// not be.
var ErrUnknown = errors.New("unknown authentication app")

// App is an authentication app.
type App struct {
	// ID starts with "aap_" and never changes.
	ID   string
	Name string
	// WorkspaceID is the only workspace whose members the app may vouch for; empty for all users.
	WorkspaceID string
	CreatedAt   time.Time
	// LastUsedAt has a precision of a minute; zero if the app was never used.
	LastUsedAt time.Time
	// RevokedAt is zero if the app is not revoked.
	RevokedAt time.Time
	// Secrets are the valid secrets, newest first: one, or two during a rotation.
	Secrets []secret.Info
}

// Voucher is the user that an app vouches for.
type Voucher struct {
	User  account.User
	AppID string
	// WorkspaceID is the only workspace that the app vouches for; empty for all of the user's
	// workspaces.
	WorkspaceID string
}

// Apps is the part of the store that has the authentication apps.
type Apps interface {
	// CreateApp stores an app and its secret. It returns account.ErrUnknownWorkspace.
	CreateApp(ctx context.Context, app App, current secret.Record) error
	// FindApp returns an app, revoked or not, or ErrUnknown.
	FindApp(ctx context.Context, id string) (App, error)
	// ListApps returns at most limit apps after the given one, by name, also revoked ones.
	ListApps(ctx context.Context, after App, limit int) ([]App, error)
	// RotateAppSecret makes a secret the current one of an app that is not revoked; the previous
	// one expires after the overlap, and older ones at once. It returns ErrUnknown.
	RotateAppSecret(ctx context.Context, id string, next secret.Record, overlap time.Duration) error
	// RevokeApp revokes an app permanently; a repeated call does nothing. It returns ErrUnknown.
	RevokeApp(ctx context.Context, id string) error
	// Vouch returns the user that a valid secret vouches for: the enabled user of the address, who
	// must be a member of the app's workspace if it has one. It runs one query in every case, and
	// records the use of the app at most once a minute. It returns ErrUnknown.
	Vouch(ctx context.Context, address account.Spelling, hash secret.Hash) (Voucher, error)
}
