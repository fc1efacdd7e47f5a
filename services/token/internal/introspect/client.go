package introspect

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
)

// Caller is the app that asks over HTTP.
type Caller struct {
	ClientID string
	// ResourceServer may see every access token; another app sees only its own tokens.
	ResourceServer bool
}

// Answer is what a caller over HTTP may know.
type ClientResult struct {
	Facts
	// Refresh reports a refresh token, which only its own app ever sees.
	Refresh bool
}

// ForClient judges an access or refresh token for an app; no other token is seen here. ErrInactive
// also for what the app may not see.
func (i Introspector) ForClient(ctx context.Context, caller Caller, token string) (ClientResult, error) {
	switch enforce.KindOf(token) {
	case enforce.RefreshToken:
		facts, err := i.Store.FindRefresh(ctx, secret.Sum(token))
		if err != nil {
			return ClientResult{}, err
		}
		if facts.ClientID != caller.ClientID {
			return ClientResult{}, ErrInactive
		}
		return ClientResult{Facts: facts, Refresh: true}, nil
	case enforce.AccessToken:
	default:
		return ClientResult{}, ErrInactive
	}
	q := i.newLookup(0)
	found, err := q.findOne(ctx, enforce.AccessToken, secret.Sum(token))
	if err != nil {
		return ClientResult{}, err
	}
	if !caller.ResourceServer && found.facts.ClientID != caller.ClientID {
		return ClientResult{}, ErrInactive
	}
	q.recordUse(&found)
	return ClientResult{Facts: found.facts}, nil
}
