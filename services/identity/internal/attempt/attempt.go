package attempt

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// LimitedError is an attempt that was not checked: a budget is spent.
type LimitedError struct {
	// RetryAfter is the time until the budget is whole again, more than zero.
	RetryAfter time.Duration
}

// Error says nothing about which budget it is.
func (*LimitedError) Error() string { return "too many attempts, try again later" }

// Entries is the short-lived store, of which a Guard needs this much.
type Entries interface {
	// Spend takes one of a budget of limit and answers whether there was one left. The budget is whole again after a window.
	Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error)
	// Refund gives one back.
	Refund(ctx context.Context, key string) error
}

// Budget is how many attempts fit into a window.
type Budget struct {
	Attempts int
	Window   time.Duration
}

// Config is what a Guard needs.
type Config struct {
	Entries Entries
	// Account is each account's budget, and Source each source address's.
	Account, Source Budget
	Now             func() time.Time
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

// Check runs check if both budgets allow another attempt. It fails with a *LimitedError, with the error of a store that
// could not be asked, or with check's. An attempt stays counted when check fails with account.ErrInvalidCredentials, and
// only then.
func (g *Guard) Check(ctx context.Context, try Try, check func(ctx context.Context) error) error {
	source, err := g.spend(ctx, g.config.Source, sourceName(try.Source))
	if err != nil {
		return err
	}
	// Second, so that a source whose budget is spent keeps nobody else out.
	person, err := g.spend(ctx, g.config.Account, accountName(try.Typed))
	if err != nil {
		g.refund(ctx, source) // nothing was checked: whoever shares the source is not counted for it
		return err
	}
	err = check(ctx)
	if !errors.Is(err, account.ErrInvalidCredentials) {
		g.refund(ctx, source, person)
	}
	return err
}

// spend takes one of the budget that a name has, and answers the key under which it was counted.
func (g *Guard) spend(ctx context.Context, budget Budget, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	key, left := window(name, budget.Window, g.config.Now())
	ok, err := g.config.Entries.Spend(ctx, key, int64(budget.Attempts), left+grace)
	if err != nil {
		return "", fmt.Errorf("counting an attempt: %w", err)
	}
	if !ok {
		return "", &LimitedError{RetryAfter: left}
	}
	return key, nil
}

// grace is how much longer than its window a count is kept, so that it outlives it by every replica's clock. The key names
// the window: what is kept too long counts for nothing.
const grace = time.Minute

// refundWithin bounds a refund, which also happens for a caller who has gone.
const refundWithin = time.Second

func (g *Guard) refund(ctx context.Context, keys ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refundWithin)
	defer cancel()
	for _, key := range keys {
		if key != "" {
			_ = g.config.Entries.Refund(ctx, key) // what is lost is one attempt, until the window ends
		}
	}
}

// window is the key of a name's budget at this moment, and the time until the next one begins. Where windows begin follows
// from the name, so that not all of them end at once.
func window(name string, length time.Duration, now time.Time) (key string, left time.Duration) {
	hash := secret.Sum(name)
	size := length.Microseconds()
	shifted := now.UnixMicro() + int64(binary.BigEndian.Uint64(hash[:8])%uint64(size))
	number, gone := shifted/size, shifted%size
	key = fmt.Sprintf("identity:attempt:%s:%d", base64.RawURLEncoding.EncodeToString(hash[:]), number)
	return key, time.Duration(size-gone) * time.Microsecond
}
