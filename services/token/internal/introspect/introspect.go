// Package introspect answers what a token stands for (RFC 7662).
//
// It owns which tokens are looked up at all and who may see the answer. It never speaks HTTP, gRPC or SQL, and a
// token that is not live is an answer here, not a failure.
package introspect

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrInactive is what a store answers for a token that is not live: unknown, expired, revoked, all the same.
var ErrInactive = errors.New("token is not active")

// Kind is what sort of credential a token is.
type Kind uint8

// The kinds.
const (
	// AccessToken is an OAuth access token, `vdo_oat_…`.
	AccessToken Kind = iota + 1
	// APIKey is a workspace's key, `vdo_live_…`.
	APIKey
	// UserToken is a token of VIDIZMO's user API.
	UserToken
)

// Facts are what a live token stands for.
type Facts struct {
	Kind Kind
	// Family names what the token hangs on; nil for an API key and a user token.
	Family []byte
	// UserID is empty for an API key.
	UserID string
	// KeyID names an API key, `key_…`; empty otherwise.
	KeyID string
	// ClientID is the app, or the authentication app that a user token was issued through; empty for an API key.
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
	// Left is how long the token had left by the database's clock when it was read; 0 for a token without an end.
	Left time.Duration
	// LongUnused reports that the last recorded use of the family is over a minute old.
	LongUnused bool
}

// Store looks tokens up by hash. Both methods answer ErrInactive when there is no such live token.
type Store interface {
	FindAccess(ctx context.Context, token secret.Hash) (Facts, error)
	FindRefresh(ctx context.Context, token secret.Hash) (Facts, error)
}

// Uses hears that a family is in use. It must not block.
type Uses interface {
	Used(family []byte)
}

// Introspector looks tokens up.
type Introspector struct {
	Store Store
	Uses  Uses
}

// Access judges an access token. A string that is none by its form is inactive without a look-up.
func (i Introspector) Access(ctx context.Context, token string) (Facts, error) {
	if !secret.Valid(secret.AccessToken, token) {
		return Facts{}, ErrInactive
	}
	facts, err := i.Store.FindAccess(ctx, secret.Sum(token))
	if err != nil {
		return Facts{}, err
	}
	i.used(facts)
	return facts, nil
}

// used notes that somebody who may know was told of a token.
func (i Introspector) used(facts Facts) {
	if facts.LongUnused {
		i.Uses.Used(facts.Family)
	}
}

// Caller is the app that asks over HTTP.
type Caller struct {
	ClientID string
	// ResourceServer may see every access token; another app sees only its own tokens.
	ResourceServer bool
}

// Answer is what a caller over HTTP may know.
type Answer struct {
	Facts
	// Refresh reports a refresh token, which only its own app ever sees.
	Refresh bool
}

// ForClient judges an access or refresh token for an app. ErrInactive also for what the app may not see.
func (i Introspector) ForClient(ctx context.Context, caller Caller, token string) (Answer, error) {
	if secret.Valid(secret.RefreshToken, token) {
		facts, err := i.Store.FindRefresh(ctx, secret.Sum(token))
		if err != nil {
			return Answer{}, err
		}
		if facts.ClientID != caller.ClientID {
			return Answer{}, ErrInactive
		}
		return Answer{Facts: facts, Refresh: true}, nil
	}
	if !secret.Valid(secret.AccessToken, token) {
		return Answer{}, ErrInactive
	}
	facts, err := i.Store.FindAccess(ctx, secret.Sum(token))
	if err != nil {
		return Answer{}, err
	}
	if !caller.ResourceServer && facts.ClientID != caller.ClientID {
		return Answer{}, ErrInactive
	}
	i.used(facts)
	return Answer{Facts: facts}, nil
}
