// Package introspect is token introspection (RFC 7662).
//
// It owns which tokens are looked up, which client may see the result, and the cache of live
// tokens, which the revocation log invalidates (see package feed). It never speaks HTTP, gRPC or
// SQL. An inactive token is a result and not a failure.
package introspect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// ErrInactive is a token that is not live: unknown, expired and revoked are the same.
var ErrInactive = errors.New("token is not active")

// ErrAddress is a live API key that may not be used from the address of the request, or from one that is
// not known. It is an ErrInactive.
var ErrAddress = fmt.Errorf("%w here: the API key may not be used from this address", ErrInactive)

// Facts describe a live token.
type Facts struct {
	Kind enforce.Kind
	// Family is the identifier of the token family; nil for an API key and a user token.
	Family []byte
	// UserID is empty for an API key, and the client for a service token (oauth.ServiceSubject).
	UserID string
	// Subject is the pairwise subject by which the client knows the user; empty where that is UserID.
	Subject string
	// KeyID is the identifier of an API key, `key_…`; empty otherwise.
	KeyID string
	// ClientID is the client, or the authentication app through which a user token was issued;
	// empty for an API key.
	ClientID string
	// WorkspaceID is empty for a user token that is valid in all of the user's workspaces.
	WorkspaceID string
	// Plan is the workspace's, by its name in the catalog; empty where it was not read.
	Plan        string
	DisplayName string
	// Scope is space-separated, in the order of the request; that of an API key is empty for one that
	// no scope restricts.
	Scope string
	// Addresses are the networks that an API key may be used from; empty for all.
	Addresses enforce.Addresses
	// Resources are the protected resources that the token is for. A store returns nil for the
	// default one, an Introspector its identifier, but nil for a user token.
	Resources oauth.Resources
	// Thumbprint is that of the key that the token is bound to (RFC 9449); empty for none.
	Thumbprint string
	IssuedAt   time.Time
	// ExpiresAt is zero for a token that does not expire.
	ExpiresAt time.Time
	// Left is the remaining lifetime by the database's clock; 0 for a token that does not expire.
	Left time.Duration
	// LongUnused reports that the last recorded use of the family or API key is over a minute old.
	LongUnused bool
}

// Orphaned reports an API key or a service token whose workspace does not exist, by the plan that was
// read.
func (f *Facts) Orphaned() bool {
	return (f.Kind.IsAPIKey() || f.Kind == enforce.ServiceToken) && f.Plan == ""
}

// KindOf returns the kind of a token whose format is that of kind: an access token whose subject is
// a client is a service token, and an API key with scopes or addresses is a restricted one.
func (f *Facts) KindOf(kind enforce.Kind) enforce.Kind {
	switch {
	case kind == enforce.AccessToken && oauth.IsServiceSubject(f.UserID):
		return enforce.ServiceToken
	case kind == enforce.APIKey && (f.Scope != "" || len(f.Addresses) > 0):
		return enforce.RestrictedAPIKey
	}
	return kind
}

// Store looks up access and refresh tokens by hash. The first two methods return ErrInactive when
// there is no such live token; FindManyAccess leaves it out.
type Store interface {
	FindAccess(ctx context.Context, token secret.Hash) (Facts, error)
	FindRefresh(ctx context.Context, token secret.Hash) (Facts, error)
	FindManyAccess(ctx context.Context, tokens []secret.Hash) (map[secret.Hash]Facts, error)
}

// Keys looks up API keys by hash. FindKey returns ErrInactive when there is no such live key.
type Keys interface {
	FindKey(ctx context.Context, key secret.Hash) (Facts, error)
}

// UserTokens looks up tokens of VIDIZMO's user API by hash. FindUserToken returns ErrInactive when
// there is no such live token.
type UserTokens interface {
	FindUserToken(ctx context.Context, token secret.Hash) (Facts, error)
}

// Plans returns the plan of a workspace; empty for a workspace that does not exist.
type Plans interface {
	// Plan may return a cached plan; Fresh always reads it from identity.
	Plan(ctx context.Context, workspaceID string) (string, error)
	Fresh(ctx context.Context, workspaceID string) (string, error)
}

// Freshness reports whether cached entries may be returned: feed.Feed.
type Freshness interface {
	Snapshot(minCursor int64) feed.Snapshot
}

// Uses records that a family, or an API key by its identifier, is in use. It must not block.
type Uses interface {
	Used(id []byte)
}

// Introspector looks tokens up. Store and Uses must be set.
type Introspector struct {
	Store Store
	Uses  Uses
	// Keys and UserTokens are nil where these kinds are not supported.
	Keys       Keys
	UserTokens UserTokens
	// KeyUses records uses of API keys; nil records none.
	KeyUses Uses
	// Plans sets Facts.Plan; nil leaves it empty. An API key or a service token of a workspace that
	// does not exist is not active.
	Plans Plans
	// Freshness reports whether a cached plan may be returned when there is no Cache; nil is
	// always.
	Freshness Freshness
	// Cache caches live tokens; nil caches none.
	Cache *Cache
	// Resources are those of the catalog; nil checks none.
	Resources Resources
	// served are the resources of the server that introspects; nil are all.
	served oauth.Resources
	// from says where the tokens were used.
	from origin
}

// origin says where tokens were used.
type origin struct {
	// sources are the addresses, one for each token of a batch; none where they are not known.
	sources []string
	// checked says that the caller compares Facts.Addresses by itself.
	checked bool
}

// From returns an introspector for tokens that were used at these addresses, one for each token of a
// batch: an API key that is restricted to networks is ErrAddress elsewhere. Without it, such a key is
// ErrAddress everywhere.
func (i Introspector) From(sources ...string) Introspector {
	i.from = origin{sources: sources}
	return i
}

// Unlocated returns an introspector for a caller that compares Facts.Addresses by itself.
func (i Introspector) Unlocated() Introspector {
	i.from = origin{checked: true}
	return i
}

// admits reports whether the token, the at-th of a batch, may be used where it was.
func (o origin) admits(at int, facts *Facts) bool {
	if o.checked || len(facts.Addresses) == 0 {
		return true
	}
	return at < len(o.sources) && facts.Addresses.Allow(o.sources[at])
}

// used records the use of a token, unless a recent use is recorded.
func (i Introspector) used(facts *Facts) {
	switch {
	case !facts.LongUnused:
	case facts.Family != nil:
		i.Uses.Used(facts.Family)
	case facts.KeyID != "" && i.KeyUses != nil:
		i.KeyUses.Used([]byte(facts.KeyID))
	}
}
