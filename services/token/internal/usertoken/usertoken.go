package usertoken

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// KeptPastTime is how long a token is kept after it expired: until then it can be refreshed, and is
// distinguished from an unknown token (docs/wire-contract.md §8).
const KeptPastTime = 30 * 24 * time.Hour

// The errors of this package. Other errors of identity and of the store pass through.
var (
	// ErrUnknown is a token that is missing, malformed, was never issued, or expired longer than
	// KeptPastTime ago.
	ErrUnknown = errors.New("the access token is not known")
	// ErrExpired is a token that has expired, or was logged out, replaced or revoked.
	ErrExpired = errors.New("the access token has expired")
	// ErrInvalidCredentials is one error for every invalid proof.
	ErrInvalidCredentials = errors.New("the e-mail address, the password or the client secret is wrong")
	// ErrUnauthorized is a user that the bearer may not see, or that does not exist: one error for
	// both.
	ErrUnauthorized = errors.New("this user may not be seen")
	// ErrRevokedMeanwhile is returned by a store when a revocation came between reading the cursor
	// and issuing the token.
	ErrRevokedMeanwhile = errors.New("credentials were revoked while the token was being issued")
)

// Holder is the user of a token, the authentication app and the workspace that it is limited to. A
// refresh changes none of it.
type Holder struct {
	UserID string
	// AppID is the authentication app that authenticated the user; empty where a password was the
	// proof.
	AppID string
	// WorkspaceID is the only workspace that the token is valid in; empty for all of the user's.
	WorkspaceID string
	DisplayName string
}

// Issue is a token to write.
type Issue struct {
	Token secret.Hash
	Holder
	Lifetime time.Duration
	// Since is the log's cursor from before the proof was verified: a revocation of the holder
	// after it makes the issue fail.
	Since int64
	// Device is where the request came from.
	Device device.Device
}

// Refresh is a token to replace.
type Refresh struct {
	Predecessor, Successor secret.Hash
	Lifetime               time.Duration
}

// Log is the revocation log.
type Log interface {
	// Cursor returns the cursor of the newest revocation.
	Cursor(ctx context.Context) (int64, error)
}

// Store persists tokens by their hashes. Every method is one transaction, and one that revokes a
// token returns when no replica treats it as live.
type Store interface {
	// IssueUserToken writes a token and the event of the sign-in, unless a revocation of its holder
	// has a cursor after i.Since: ErrRevokedMeanwhile. A concurrent revocation revokes the token too.
	IssueUserToken(ctx context.Context, i Issue) error
	// RefreshUserToken revokes a token and writes its successor for the same holder: one of several
	// concurrent calls succeeds. The predecessor may have expired less than KeptPastTime ago.
	// ErrUnknown, ErrExpired.
	RefreshUserToken(ctx context.Context, r Refresh) (Holder, error)
	// LogoutUserToken revokes a token. ErrUnknown; ErrExpired for one that was not live, which it
	// revokes too.
	LogoutUserToken(ctx context.Context, token secret.Hash) error
	// ValidateUserToken returns the facts of a live token. ErrUnknown; ErrExpired with the facts.
	ValidateUserToken(ctx context.Context, token secret.Hash) (introspect.Facts, error)
}
