// Package inspection lists and counts for operators: grants, the facts of a token, and the
// revocation log with its reasons.
//
// It owns which store method looks up a token, and where a page of the log starts. It changes
// nothing and records no use: package revocation revokes.
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

// ErrNoToken is a string without the format of a token.
var ErrNoToken = errors.New("is no token: an access or refresh token, an API key or a user token is wanted, whole and alone")

// Grant is a live family.
type Grant struct {
	ID                            []byte
	UserID, ClientID, WorkspaceID string
	// Scope is space-separated, in the order of the request.
	Scope                            string
	CreatedAt, LastUsedAt, ExpiresAt time.Time
}

// Query selects grants of a user, of a client, or of both: at least one is set.
type Query struct {
	UserID, ClientID string
	// After is the last grant of the previous page.
	After Place
	Limit int
}

// Place is the position of a grant in the list.
type Place struct {
	UserID, ClientID string
	ID               []byte
}

// Holder is the target of an operation that revokes access: a user, a client, a user with a client,
// a user in a workspace, or an authentication app. Other combinations are not counted.
type Holder struct{ UserID, ClientID, WorkspaceID, AppID string }

// Count is how much access a holder has.
type Count struct {
	// Grants are live grants, of GrantUsers users, and UserTokens live user tokens, of
	// UserTokenUsers users.
	Grants, GrantUsers, UserTokens, UserTokenUsers int64
	// Truncated says that counting stopped at its limit.
	Truncated bool
}

// CountLimit is the maximum number of rows that are counted, for grants and for user tokens each.
const CountLimit = 10_000

// Entry is an entry of the revocation log.
type Entry struct {
	feed.Entry
	// Reason is the stored number (usher.token.v1.RevocationReason).
	Reason int16
	At     time.Time
}

// Store reads. It returns introspect.ErrInactive for a token that is not live.
type Store interface {
	introspect.Keys
	introspect.UserTokens
	FindAccess(ctx context.Context, token secret.Hash) (introspect.Facts, error)
	FindRefresh(ctx context.Context, token secret.Hash) (introspect.Facts, error)
	// ListGrants returns live grants ordered by user, client and identifier.
	ListGrants(ctx context.Context, q Query) ([]Grant, error)
	// CountAccess counts live grants and user tokens, and reads at most limit rows of each.
	CountAccess(ctx context.Context, of Holder, limit int) (Count, error)
	// ListRevocations returns the entries of the log after a cursor, oldest first.
	ListRevocations(ctx context.Context, cursor int64, limit int) ([]Entry, error)
}

// Log is the revocation log.
type Log interface {
	LogBounds(ctx context.Context) (feed.Bounds, error)
}

// Inspector reads for operators. Its methods may be called concurrently.
type Inspector struct {
	Store Store
	Log   Log
}

// InspectToken returns the kind of a token, and its facts while it is live: introspect.ErrInactive
// with the kind of its format when it is not. ErrNoToken.
func (i Inspector) InspectToken(ctx context.Context, token string) (kind enforce.Kind, facts introspect.Facts, err error) {
	hash := secret.Sum(token)
	switch kind = enforce.KindOf(token); kind {
	case enforce.AccessToken:
		facts, err = i.Store.FindAccess(ctx, hash)
	case enforce.RefreshToken:
		facts, err = i.Store.FindRefresh(ctx, hash)
	case enforce.APIKey:
		facts, err = i.Store.FindKey(ctx, hash)
	case enforce.UserToken:
		facts, err = i.Store.FindUserToken(ctx, hash)
	default:
		err = ErrNoToken
	}
	return facts.KindOf(kind), facts, err
}

// CountAccess counts the grants and user tokens that an operation on a holder would revoke.
func (i Inspector) CountAccess(ctx context.Context, of Holder) (Count, error) {
	return i.Store.CountAccess(ctx, of, CountLimit)
}

// ListRevocations returns the entries of the log after a cursor, oldest first; the newest entries
// if after is nil.
func (i Inspector) ListRevocations(ctx context.Context, after *int64, limit int) ([]Entry, error) {
	if after != nil {
		return i.Store.ListRevocations(ctx, *after, limit)
	}
	bounds, err := i.Log.LogBounds(ctx)
	if err != nil {
		return nil, err
	}
	return i.Store.ListRevocations(ctx, bounds.Head-int64(limit), limit) // cursors have no gaps
}
