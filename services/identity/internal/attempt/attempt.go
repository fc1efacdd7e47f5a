package attempt

import (
	"context"
	"errors"
	"sync"

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
	// SignIns is the budget of the successful sign-ins of each account.
	SignIns ratelimit.Budget
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
	return g.check(ctx, try, check, func() error { return nil })
}

// SignIn is Check for an attempt whose success leaves records behind, such as a session and its events:
// a budget of its own counts the successful ones, so that it returns a *ratelimit.LimitedError also for
// correct credentials.
func (g *Guard) SignIn(ctx context.Context, try Try, check func(ctx context.Context) error) error {
	return g.check(ctx, try, check, func() error {
		_, err := g.Limiter.Spend(ctx, g.SignIns, signInName(try.Typed))
		return err
	})
}

// check calls succeeded after a check that succeeded, beside the refund of the attempt: neither waits
// for the other.
func (g *Guard) check(ctx context.Context, try Try, check func(ctx context.Context) error, succeeded func() error) error {
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
	if errors.Is(err, account.ErrInvalidCredentials) {
		return err
	}
	var refund sync.WaitGroup
	refund.Go(func() { limiter.Refund(ctx, sourceSpend, accountSpend) })
	if err == nil {
		err = succeeded()
	}
	refund.Wait()
	return err
}

// Unlock resets the failed attempts of an account, and its sign-ins. Attempts counted for source
// addresses stay counted, so that a source that guesses passwords gains nothing. It returns the error
// of a store that is unavailable.
func (g *Guard) Unlock(ctx context.Context, address account.Address) error {
	return errors.Join(g.Limiter.Reset(ctx, g.Account, accountName(string(address))), g.Limiter.Reset(ctx, g.SignIns, signInName(string(address))))
}
