package authapp

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// ErrUnknown says that no authentication app has that identifier, or that it was revoked where only a live one will do.
var ErrUnknown = errors.New("unknown authentication app")

// MaxOverlap is the longest time that a secret stays valid beside its successor.
const MaxOverlap = 30 * 24 * time.Hour

// App is an authentication app.
type App struct {
	// ID begins with "aap_" and never changes.
	ID   string
	Name string
	// WorkspaceID is the only workspace for whose members it vouches; empty for everybody.
	WorkspaceID string
	CreatedAt   time.Time
	// LastUsedAt is to the minute; zero if never.
	LastUsedAt time.Time
	// RevokedAt is zero while the app is live.
	RevokedAt time.Time
	// Secrets are the valid ones, newest first: one, or two during a rotation.
	Secrets []Secret
}

// Secret is what may be shown of a secret.
type Secret struct {
	LastFour  string
	CreatedAt time.Time
	// ExpiresAt is zero for the current one.
	ExpiresAt time.Time
}

// Draft is an app before it is kept.
type Draft struct {
	ID, Name, WorkspaceID string
}

// Imprint is what is kept of a secret.
type Imprint struct {
	Hash     secret.Hash
	LastFour string
}

// Voucher is who was vouched for, and by what.
type Voucher struct {
	User  account.User
	AppID string
	// WorkspaceID is the only workspace that the app vouches for; empty for all of the user's.
	WorkspaceID string
}

// Apps is the part of the store that holds the apps.
type Apps interface {
	// CreateApp keeps an app and its secret. It fails with account.ErrUnknownWorkspace.
	CreateApp(ctx context.Context, draft Draft, current Imprint) error
	// FindApp reads an app, revoked or not. It fails with ErrUnknown.
	FindApp(ctx context.Context, id string) (App, error)
	// ListApps reads every app by name, revoked ones too.
	ListApps(ctx context.Context) ([]App, error)
	// RotateApp makes a secret the current one of a live app; the one before ends after the overlap, and older ones at once.
	// It fails with ErrUnknown.
	RotateApp(ctx context.Context, id string, next Imprint, overlap time.Duration) error
	// RevokeApp ends an app for good; again does nothing. It fails with ErrUnknown.
	RevokeApp(ctx context.Context, id string) error
	// Vouch finds who a valid secret vouches for: the enabled user of the address, who must be a member where the app is
	// limited. It is one question whatever the answer, and notes the use of the app at most once a minute. It fails with
	// ErrUnknown.
	Vouch(ctx context.Context, address account.Spelling, hash secret.Hash) (Voucher, error)
}

// Imprinted is what is kept of a secret.
func Imprinted(s secret.String) Imprint {
	clear := s.Reveal()
	return Imprint{Hash: secret.Sum(clear), LastFour: clear[max(0, len(clear)-lastLength):]}
}

// lastLength is how many characters of a secret are shown in lists.
const lastLength = 4
