// Package oversight is what an operator is shown: grants, what a token stands for, and the
// revocation log with its reasons.
//
// It owns which token is looked up where, and where a page of the log begins. It changes nothing
// and counts as no use: what an operator ends is package ending's business.
package inspection

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// ErrNoToken says that a text has the form of no token.
var ErrNoToken = errors.New("is no token: an access or refresh token, an API key or a user token is wanted, whole and alone")

// Grant is a live family.
type Grant struct {
	ID                            []byte
	UserID, ClientID, WorkspaceID string
	// Scope is space-separated, in the order it was asked.
	Scope                            string
	CreatedAt, LastUsedAt, ExpiresAt time.Time
}

// Query asks for grants of a user, of an app, or of both: one at least is named.
type Query struct {
	UserID, ClientID string
	// After is the last grant of the page before.
	After Place
	Limit int
}

// Place is a grant by its order in the list.
type Place struct {
	UserID, ClientID string
	ID               []byte
}

// Holder is what an operation that ends access is applied to: a user, a client, a user with a
// client, a user in a workspace, or an authentication app. No other combination is counted.
type Holder struct{ UserID, ClientID, WorkspaceID, AppID string }

// Count is how much access a holder has.
type Count struct {
	// Grants are live grants, and UserTokens live user tokens: of so many users.
	Grants, GrantUsers, UserTokens, UserTokenUsers int64
	// Truncated says that counting stopped at its bound.
	Truncated bool
}

// CountLimit is how many rows are counted at most, for grants and for user tokens each.
const CountLimit = 10_000

// Entry is one of the log.
type Entry struct {
	feed.Entry
	// Reason is as it is stored.
	Reason int16
	At     time.Time
}

// Store reads. It answers introspect.ErrInactive for a token that is not live.
type Store interface {
	introspect.Keys
	introspect.UserTokens
	FindAccess(ctx context.Context, token secret.Hash) (introspect.Facts, error)
	FindRefresh(ctx context.Context, token secret.Hash) (introspect.Facts, error)
	// ListGrants reads live grants by user, client and identifier.
	ListGrants(ctx context.Context, q Query) ([]Grant, error)
	// CountAccess counts live grants and user tokens, and looks at limit rows of each at most.
	CountAccess(ctx context.Context, of Holder, limit int) (Count, error)
	LogBounds(ctx context.Context) (feed.Bounds, error)
	// ListRevocations reads the log behind a cursor, oldest first.
	ListRevocations(ctx context.Context, cursor int64, limit int) ([]Entry, error)
}

// Inspector answers operators. Its methods may be called concurrently.
type Inspector struct{ Store }

// InspectToken says what a token is, and what it stands for while it is live:
// introspect.ErrInactive beside the kind when it is not. ErrNoToken.
func (i Inspector) InspectToken(ctx context.Context, token string) (kind enforce.Kind, facts introspect.Facts, err error) {
	hash := secret.Sum(token)
	switch kind = enforce.KindOf(token); kind {
	case enforce.AccessToken:
		facts, err = i.FindAccess(ctx, hash)
	case enforce.RefreshToken:
		facts, err = i.FindRefresh(ctx, hash)
	case enforce.APIKey:
		facts, err = i.FindKey(ctx, hash)
	case enforce.UserToken:
		facts, err = i.FindUserToken(ctx, hash)
	default:
		err = ErrNoToken
	}
	return kind, facts, err
}

// CountAccess counts what an operation on a holder would end.
func (i Inspector) CountAccess(ctx context.Context, of Holder) (Count, error) {
	return i.Store.CountAccess(ctx, of, CountLimit)
}

// ListRevocations reads the log behind a cursor, oldest first; the newest entries if there is none.
func (i Inspector) ListRevocations(ctx context.Context, after *int64, limit int) ([]Entry, error) {
	if after != nil {
		return i.Store.ListRevocations(ctx, *after, limit)
	}
	bounds, err := i.LogBounds(ctx)
	if err != nil {
		return nil, err
	}
	return i.Store.ListRevocations(ctx, bounds.Head-int64(limit), limit) // cursors have no gaps
}
