package ratelimit

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// LimitedError says that a budget is exhausted.
type LimitedError struct {
	// RetryAfter is the time until the budget's window ends, more than zero.
	RetryAfter time.Duration
}

// Error does not say which budget it is.
func (*LimitedError) Error() string { return "too many attempts, try again later" }

// Entries is the short-lived store, of which a Limiter needs this much.
type Entries interface {
	// Spend takes one of a budget of limit and reports whether there was one left. The budget is whole again after a window.
	Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error)
	// Refund gives one back.
	Refund(ctx context.Context, key string) error
	// Delete makes a budget whole again.
	Delete(ctx context.Context, key string) error
}

// Budget is how often something may happen within a window. A Limit of 0 bounds nothing.
type Budget struct {
	Limit  int
	Window time.Duration
}

// Name is whose budget it is. The zero value has none.
type Name struct {
	// Kind is what is counted by: `account`, `source`, `client`, `user`.
	Kind string
	// Value is which one. It never reaches the store, and the log only where Public is set.
	Value string
	// Public says that operators may read Value in the log.
	Public bool
}

// Limiter counts. Its methods may be called concurrently.
type Limiter struct {
	Entries Entries
	// Prefix stands before every key.
	Prefix string
	Now    func() time.Time
	// Exhausted is called for each refusal; nil is not.
	Exhausted func(ctx context.Context, name Name, retryAfter time.Duration)
}

// Spend takes one of the budget that a name has, and returns the key to refund it with; an empty one where nothing is counted. It
// fails with a *LimitedError, or with the store's error.
func (l *Limiter) Spend(ctx context.Context, budget Budget, name Name) (string, error) {
	if name.Kind == "" || budget.Limit == 0 {
		return "", nil
	}
	key, left := l.window(name, budget.Window)
	ok, err := l.Entries.Spend(ctx, key, int64(budget.Limit), left+grace)
	if err != nil {
		return "", fmt.Errorf("counting in a %s's budget: %w", name.Kind, err)
	}
	if !ok {
		if l.Exhausted != nil {
			l.Exhausted(ctx, name, left)
		}
		return "", &LimitedError{RetryAfter: left}
	}
	return key, nil
}

// grace is how much longer than its window a count is kept, so that it outlives the window by every replica's clock. The key
// names the window: a count that is kept too long counts for nothing.
const grace = time.Minute

// refundWithin bounds a refund, which also happens for a caller who has gone.
const refundWithin = time.Second

// Refund gives back what Spend returned the keys of; empty ones are skipped. A refund that the store loses counts as one attempt
// until the window ends.
func (l *Limiter) Refund(ctx context.Context, keys ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refundWithin)
	defer cancel()
	for _, key := range keys {
		if key != "" {
			_ = l.Entries.Refund(ctx, key)
		}
	}
}

// Reset makes the budget that a name has whole again, at once and for every replica. It fails with the store's error.
func (l *Limiter) Reset(ctx context.Context, budget Budget, name Name) error {
	if name.Kind == "" || budget.Limit == 0 {
		return nil
	}
	key, _ := l.window(name, budget.Window)
	if err := l.Entries.Delete(ctx, key); err != nil {
		return fmt.Errorf("resetting a %s's budget: %w", name.Kind, err)
	}
	return nil
}

// window is the key of a name's budget at this moment, and the time until the next window begins. Where windows begin follows
// from the name, so that not all of them end at once.
func (l *Limiter) window(name Name, length time.Duration) (key string, left time.Duration) {
	hash := secret.Sum(name.Kind + " " + name.Value)
	size := length.Microseconds()
	shifted := l.Now().UnixMicro() + int64(binary.BigEndian.Uint64(hash[:8])%uint64(size))
	number, gone := shifted/size, shifted%size
	key = fmt.Sprintf("%s%s:%d", l.Prefix, base64.RawURLEncoding.EncodeToString(hash[:]), number)
	return key, time.Duration(size-gone) * time.Microsecond
}
