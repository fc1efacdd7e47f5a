package usertoken

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// KeptPastTime is how long a token is remembered after its time: it can be refreshed so long, and
// is told from one that never was (docs/wire-contract.md §8).
const KeptPastTime = 30 * 24 * time.Hour

// The failures of this package. Those of identity and of the store that are not among them pass
// through.
var (
	// ErrUnknown is a token that is absent, malformed, was never issued, or is past its time for
	// longer than KeptPastTime.
	ErrUnknown = errors.New("the access token is not known")
	// ErrExpired is a token that is past its time, logged out, replaced, or ended with what its
	// user may do.
	ErrExpired = errors.New("the access token has expired")
	// ErrInvalidCredentials is one answer for every proof that does not hold.
	ErrInvalidCredentials = errors.New("the e-mail address, the password or the client secret is wrong")
	// ErrUnauthorized is somebody who may not be seen, or who does not exist: one answer for both.
	ErrUnauthorized = errors.New("this user may not be seen")
	// ErrOvertaken is what a store answers when an ending overtook the issue of a token.
	ErrRevokedMeanwhile = errors.New("what was proved has ended meanwhile")
)

// Holder is whose token it is and what it is good for. None of it changes when the token is
// refreshed.
type Holder struct {
	UserID string
	// AppID is the authentication app that vouched; empty where a password was the proof.
	AppID string
	// WorkspaceID is the only workspace that the token is good for; empty for all of the user's.
	WorkspaceID string
	DisplayName string
}

// Issue is a token to write.
type Issue struct {
	Token secret.Hash
	Holder
	Lifetime time.Duration
	// Since is the log's cursor from before the proof was checked: an ending behind it spoils the
	// issue.
	Since int64
}

// Refresh is a token to replace.
type Refresh struct {
	Predecessor, Successor secret.Hash
	Lifetime               time.Duration
}

// Store keeps tokens by their hashes. Every decision is one transaction, and what revokes a token
// returns when no replica takes it for live any more.
type Store interface {
	// Cursor reads where the log of revocations ends.
	Cursor(ctx context.Context) (int64, error)
	// IssueUserToken writes a token, unless something of its holder ended behind i.Since:
	// ErrOvertaken. One that ends at the same moment takes the token along.
	IssueUserToken(ctx context.Context, i Issue) error
	// RefreshUserToken ends a token and writes its successor for the same holder: at most one,
	// however many ask. The predecessor may be past its time by less than KeptPastTime. ErrUnknown,
	// ErrExpired.
	RefreshUserToken(ctx context.Context, r Refresh) (Holder, error)
	// EndUserToken ends a token for good. ErrUnknown; ErrExpired for one that was not live, which
	// ends all the same.
	LogoutUserToken(ctx context.Context, token secret.Hash) error
	// JudgeUserToken reads a token. ErrUnknown; ErrExpired with the facts.
	ValidateUserToken(ctx context.Context, token secret.Hash) (introspect.Facts, error)
}
