package introspect

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
)

// ClientResult is what the introspection response over HTTP may disclose to a client.
type ClientResult struct {
	Facts
	// Refresh reports a refresh token, which only its own client may see.
	Refresh bool
}

// ForClient introspects an access or refresh token for an authenticated client, and no other kind. A
// resource server may see the access tokens of every client that are for a resource that it serves;
// any other client sees only its own tokens. It returns ErrInactive also for a token that the client
// may not see.
func (i Introspector) ForClient(ctx context.Context, clientID string, resourceServer bool, token string) (ClientResult, error) {
	switch enforce.KindOf(token) {
	case enforce.RefreshToken:
		facts, err := i.Store.FindRefresh(ctx, secret.Sum(token))
		if err != nil {
			return ClientResult{}, err
		}
		if facts.ClientID != clientID {
			return ClientResult{}, ErrInactive
		}
		i.resolve(&facts)
		return ClientResult{Facts: facts, Refresh: true}, nil
	case enforce.AccessToken:
	default:
		return ClientResult{}, ErrInactive
	}
	q := i.For(clientID).newLookup(0)
	found, err := q.findOne(ctx, enforce.AccessToken, secret.Sum(token))
	if err != nil {
		return ClientResult{}, err
	}
	if found.facts.ClientID != clientID && (!resourceServer || !q.serves(&found.facts)) {
		return ClientResult{}, ErrInactive
	}
	if found.facts.Kind == enforce.ServiceToken {
		if err := q.plan(ctx, &found.facts); err != nil {
			return ClientResult{}, err
		}
	}
	q.recordUse(&found)
	q.resolve(&found.facts)
	return ClientResult{Facts: found.facts}, nil
}
