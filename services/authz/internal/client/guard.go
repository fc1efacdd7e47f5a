package client

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/ratelimit"
)

// Guard rate-limits failed client authentications, by source address and by client.
//
// The secret is checked before anything is counted, so that a valid secret is accepted whatever
// other callers sent: client identifiers are public and source addresses are shared, so a limit
// before the check would let a stranger lock a client out. Checking a guess that is over the limit
// gives an attacker nothing: secrets have 256 random bits (RFC 6749 §10.10). A success neither
// spends budget nor reads the short-lived store; if that store is unavailable, failures are refused
// as always and not counted.
type Guard struct {
	Authenticator Authenticator
	Limiter       *ratelimit.Limiter
	// Source is the budget of failures per source address, and Client the budget per client
	// identifier.
	Source, Client ratelimit.Budget
}

// Authenticate calls the Authenticator for a request from a source address, which may be empty. For
// a failure over a budget it returns a *ratelimit.LimitedError instead of ErrInvalid.
func (g Guard) Authenticate(ctx context.Context, readings []oauth.ClientCredentials, source string) (Client, error) {
	authenticated, err := g.Authenticator.Authenticate(ctx, readings)
	if !errors.Is(err, ErrInvalid) {
		return authenticated, err
	}
	return Client{}, g.counted(ctx, err, identifiers(readings), source)
}

// AuthenticateAssertion is like Authenticate for a client assertion. An assertion is verified before
// anything is counted too: one signature with a key of at most 4096 bits, which takes half a millisecond.
func (g Guard) AuthenticateAssertion(ctx context.Context, sent SentAssertion, source string) (Client, error) {
	authenticated, err := g.Authenticator.AuthenticateAssertion(ctx, sent)
	if !errors.Is(err, ErrInvalid) {
		return authenticated, err
	}
	var ids []string
	if _, id, invalid := sent.parse(); invalid == nil {
		ids = []string{id}
	}
	return Client{}, g.counted(ctx, err, ids, source)
}

// counted counts a failure. It returns the failure, or a *ratelimit.LimitedError if a budget is
// spent.
func (g Guard) counted(ctx context.Context, failure error, ids []string, source string) error {
	var limited *ratelimit.LimitedError
	if errors.As(g.count(ctx, ids, source), &limited) {
		return limited
	}
	return failure
}

// count spends one unit of the source's budget and, while that lasts, one of the client's. A source
// can therefore name only a limited number of clients.
func (g Guard) count(ctx context.Context, ids []string, source string) error {
	if _, err := g.Limiter.Spend(ctx, g.Source, ratelimit.Source(source)); err != nil {
		return err
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := g.Limiter.Spend(ctx, g.Client, ratelimit.Name{Kind: "client", Value: ids[0], Public: true})
	return err
}
