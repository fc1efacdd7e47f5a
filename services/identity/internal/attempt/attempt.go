package attempt

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// Prefix is the key prefix of every budget in the short-lived store.
const Prefix = "identity:attempt:"

// Guard rate-limits authentication attempts. Its methods may be called concurrently.
type Guard struct {
	Limiter *ratelimit.Limiter
	// Account is the budget of each account, and Source the budget of each source address.
	Account, Source ratelimit.Budget
}

// Try identifies the account of an attempt and its source.
type Try struct {
	// Typed is the account's address as typed.
	Typed string
	// Source is the network address of the attempt; an attempt without one spends only the
	// account's budget.
	Source string
}

// Check calls check if both budgets allow another attempt. It returns a *ratelimit.LimitedError,
// the error of a store that is unavailable, or check's error. An attempt stays counted if check
// returns account.ErrInvalidCredentials, and only then.
func (g *Guard) Check(ctx context.Context, try Try, check func(ctx context.Context) error) error {
	limiter := g.Limiter
	sourceSpend, err := limiter.Spend(ctx, g.Source, ratelimit.Source(try.Source))
	if err != nil {
		return err
	}
	// After the source's, so that a source whose budget is exhausted cannot lock an account.
	accountSpend, err := limiter.Spend(ctx, g.Account, accountName(try.Typed))
	if err != nil {
		limiter.Refund(ctx, sourceSpend) // nothing was checked, so the attempt must not count for the source
		return err
	}
	err = check(ctx)
	if !errors.Is(err, account.ErrInvalidCredentials) {
		limiter.Refund(ctx, sourceSpend, accountSpend)
	}
	return err
}

// Unlock resets the failed attempts of an account. Attempts counted for source addresses stay
// counted, so that a source that guesses passwords gains nothing. It returns the error of a store
// that is unavailable.
func (g *Guard) Unlock(ctx context.Context, address account.Address) error {
	return g.Limiter.Reset(ctx, g.Account, accountName(string(address)))
}
