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
type Answer struct {
	Facts
	// Refresh reports a refresh token, which only its own app ever sees.
	Refresh bool
}

// ForClient judges an access or refresh token for an app; no other token is seen here. ErrInactive also for what the app may
// not see.
func (i Introspector) ForClient(ctx context.Context, caller Caller, token string) (Answer, error) {
	switch enforce.KindOf(token) {
	case enforce.RefreshToken:
		facts, err := i.Store.FindRefresh(ctx, secret.Sum(token))
		if err != nil {
			return Answer{}, err
		}
		if facts.ClientID != caller.ClientID {
			return Answer{}, ErrInactive
		}
		return Answer{Facts: facts, Refresh: true}, nil
	case enforce.AccessToken:
	default:
		return Answer{}, ErrInactive
	}
	q := i.ask(0)
	found, err := q.one(ctx, enforce.AccessToken, secret.Sum(token))
	if err != nil {
		return Answer{}, err
	}
	if !caller.ResourceServer && found.facts.ClientID != caller.ClientID {
		return Answer{}, ErrInactive
	}
	q.told(&found)
	return Answer{Facts: found.facts}, nil
}
