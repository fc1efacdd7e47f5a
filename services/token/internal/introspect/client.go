package introspect

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
)

// ForClient introspects an access or refresh token for an authenticated client, and no other kind. A
// resource server may see the access tokens of every client that are for a resource that it serves;
// any other client sees only its own tokens. It returns ErrInactive also for a token that the client
// may not see. The kind of a refresh token is enforce.RefreshToken.
func (i Introspector) ForClient(ctx context.Context, clientID string, resourceServer bool, token string) (Facts, error) {
	switch enforce.KindOf(token) {
	case enforce.RefreshToken:
		facts, err := i.Store.FindRefresh(ctx, secret.Sum(token))
		if err != nil {
			return Facts{}, err
		}
		if facts.ClientID != clientID {
			return Facts{}, ErrInactive
		}
		i.resolve(&facts)
		facts.Kind = enforce.RefreshToken
		return facts, nil
	case enforce.AccessToken:
	default:
		return Facts{}, ErrInactive
	}
	q := i.For(clientID).newLookup(0)
	found, err := q.findOne(ctx, enforce.AccessToken, secret.Sum(token))
	if err != nil {
		return Facts{}, err
	}
	if found.facts.ClientID != clientID && (!resourceServer || !q.serves(&found.facts)) {
		return Facts{}, ErrInactive
	}
	if found.facts.Kind == enforce.ServiceToken {
		if err := q.plan(ctx, &found.facts); err != nil {
			return Facts{}, err
		}
	}
	q.recordUse(&found)
	q.resolve(&found.facts)
	return found.facts, nil
}
