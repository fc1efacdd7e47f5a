package client

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/ratelimit"
)

// Guard bounds failed client authentications, by source address and by client.
//
// The secret is checked before anything is counted, so that a right one is accepted whatever others did: a client identifier is
// public, and source addresses are shared, so that a budget in front of the check would let a stranger lock a client out. A guess
// over the budget gains nothing by being checked: secrets have 256 random bits (RFC 6749 §10.10). A success touches no budget and
// not the short-lived store; without that store failures are refused as always, and not counted.
type Guard struct {
	Authenticator Authenticator
	Limiter       *ratelimit.Limiter
	// Source is each source address's budget of failures, and Client each client identifier's.
	Source, Client ratelimit.Budget
}

// Authenticate is the Authenticator's for a request from a source address, which may be empty. A failure over a budget is a
// *ratelimit.LimitedError instead of ErrInvalid.
func (g Guard) Authenticate(ctx context.Context, readings []oauth.ClientCredentials, source string) (Client, error) {
	authenticated, err := g.Authenticator.Authenticate(ctx, readings)
	if !errors.Is(err, ErrInvalid) {
		return authenticated, err
	}
	var limited *ratelimit.LimitedError
	if errors.As(g.count(ctx, readings, source), &limited) {
		return Client{}, limited
	}
	return Client{}, err
}

// count takes one of the source's budget and, while that lasts, one of the client's: so a source names only so many clients.
func (g Guard) count(ctx context.Context, readings []oauth.ClientCredentials, source string) error {
	if _, err := g.Limiter.Spend(ctx, g.Source, ratelimit.Source(source)); err != nil {
		return err
	}
	id, _, ok := identifiers(readings)
	if !ok {
		return nil
	}
	_, err := g.Limiter.Spend(ctx, g.Client, ratelimit.Name{Kind: "client", Value: id, Public: true})
	return err
}
