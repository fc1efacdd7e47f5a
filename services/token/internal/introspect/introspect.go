// Package introspect answers what a token stands for (RFC 7662).
//
// It owns which tokens are looked up at all, who may see the answer, and what is remembered of it:
// a cache that the revocation log keeps true (see package feed). It never speaks HTTP, gRPC or SQL,
// and a token that is not live is an answer here, not a failure.
package introspect

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// ErrInactive is what a store answers for a token that is not live: unknown, expired, revoked, all
// the same.
var ErrInactive = errors.New("token is not active")

// Facts are what a live token stands for.
type Facts struct {
	Kind enforce.Kind
	// Family names what the token hangs on; nil for an API key and a user token.
	Family []byte
	// UserID is empty for an API key.
	UserID string
	// KeyID names an API key, `key_…`; empty otherwise.
	KeyID string
	// ClientID is the app, or the authentication app that a user token was issued through; empty
	// for an API key.
	ClientID string
	// WorkspaceID is empty for a user token that is good for all of the user's workspaces.
	WorkspaceID string
	// Plan is the workspace's, by its name in the catalog; empty where it was not asked for.
	Plan        string
	DisplayName string
	// Scope is space-separated, in the order it was asked.
	Scope    string
	IssuedAt time.Time
	// ExpiresAt is zero for a token without an end.
	ExpiresAt time.Time
	// Left is how long the token has left by the database's clock; 0 for a token without an end.
	Left time.Duration
	// LongUnused reports that the last recorded use of the family is over a minute old.
	LongUnused bool
}

// Orphaned reports an API key whose workspace is gone, by the plan that was read: a key dies with
// its workspace.
func (f *Facts) Orphaned() bool { return f.Kind == enforce.APIKey && f.Plan == "" }

// Store looks access and refresh tokens up by hash. The first two answer ErrInactive when there is
// no such live token, FindManyAccess leaves it out.
type Store interface {
	FindAccess(ctx context.Context, token secret.Hash) (Facts, error)
	FindRefresh(ctx context.Context, token secret.Hash) (Facts, error)
	FindManyAccess(ctx context.Context, tokens []secret.Hash) (map[secret.Hash]Facts, error)
}

// Keys looks API keys up by hash. ErrInactive when there is no such live key.
type Keys interface {
	FindKey(ctx context.Context, key secret.Hash) (Facts, error)
}

// UserTokens looks tokens of VIDIZMO's user API up by hash. ErrInactive when there is no such live
// token.
type UserTokens interface {
	FindUserToken(ctx context.Context, token secret.Hash) (Facts, error)
}

// Plans knows the plan of a workspace; empty for one that does not exist.
type Plans interface {
	// Plan may be remembered; Fresh is asked for after the call came.
	Plan(ctx context.Context, workspaceID string) (string, error)
	Fresh(ctx context.Context, workspaceID string) (string, error)
}

// Moments says whether what is remembered may be answered: feed.Feed.
type Freshness interface {
	Snapshot(minCursor int64) feed.Snapshot
}

// Uses hears that something is in use: a family, or an API key by its id. It must not block.
type Uses interface {
	Used(id []byte)
}

// Introspector looks tokens up. Store and Uses must be set.
type Introspector struct {
	Store Store
	Uses  Uses
	// Keys and UserTokens are nil where there are none.
	Keys       Keys
	UserTokens UserTokens
	// KeyUses hears of API keys; nil where nobody wants to know.
	KeyUses Uses
	// Plans fills Facts.Plan; nil leaves it empty. An API key of a workspace that does not exist is
	// not active.
	Plans Plans
	// Moments says when a remembered plan may be told where there is no Cache, which knows; nil is
	// always.
	Freshness Freshness
	// Cache remembers answers; nil remembers none.
	Cache *Cache
}

// used notes that somebody who may know was told of a token.
func (i Introspector) used(facts *Facts) {
	switch {
	case !facts.LongUnused:
	case facts.Family != nil:
		i.Uses.Used(facts.Family)
	case facts.KeyID != "" && i.KeyUses != nil:
		i.KeyUses.Used([]byte(facts.KeyID))
	}
}
