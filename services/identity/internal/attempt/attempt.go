package attempt

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// Prefix stands before the key of every budget in the short-lived store.
const Prefix = "identity:attempt:"

// Config is what a Guard needs.
type Config struct {
	Limiter *ratelimit.Limiter
	// Account is each account's budget, and Source each source address's.
	Account, Source ratelimit.Budget
}

// Guard counts attempts. Its methods may be called concurrently.
type Guard struct{ config Config }

// New makes a guard.
func New(config Config) *Guard { return &Guard{config: config} }

// Try is whose account is tried, and from where.
type Try struct {
	// Typed is the address of the account as somebody typed it.
	Typed string
	// Source is the network address that the attempt came from; an attempt without one has the account's budget alone.
	Source string
}

// Check runs check if both budgets allow another attempt. It fails with a *ratelimit.LimitedError, with the error of a store that
// could not be asked, or with check's. An attempt stays counted when check fails with account.ErrInvalidCredentials, and
// only then.
func (g *Guard) Check(ctx context.Context, try Try, check func(ctx context.Context) error) error {
	limiter := g.config.Limiter
	source, err := limiter.Spend(ctx, g.config.Source, ratelimit.Source(try.Source))
	if err != nil {
		return err
	}
	// Second, so that a source whose budget is spent keeps nobody else out.
	person, err := limiter.Spend(ctx, g.config.Account, accountName(try.Typed))
	if err != nil {
		limiter.Refund(ctx, source) // nothing was checked: others at the source are not counted for it
		return err
	}
	err = check(ctx)
	if !errors.Is(err, account.ErrInvalidCredentials) {
		limiter.Refund(ctx, source, person)
	}
	return err
}

// Unlock gives an account all its attempts back. Those that were counted for source addresses stay counted, so that a source that
// guesses passwords gains nothing from it. It fails with the error of a store that could not be asked.
func (g *Guard) Unlock(ctx context.Context, address account.Address) error {
	return g.config.Limiter.Reset(ctx, g.config.Account, accountName(string(address)))
}
