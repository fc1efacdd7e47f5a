package ratelimit

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// LimitedError is an exhausted budget.
type LimitedError struct {
	// RetryAfter is the time until the budget's window ends, more than zero.
	RetryAfter time.Duration
}

// Error does not name the budget.
func (*LimitedError) Error() string { return "too many attempts, try again later" }

// Entries is the part of the short-lived store that a Limiter needs.
type Entries interface {
	// Spend takes one of a budget of limit and reports whether one was left. The budget is reset
	// after a window.
	Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error)
	// Refund gives one back.
	Refund(ctx context.Context, key string) error
	// Delete makes a budget whole again.
	Delete(ctx context.Context, key string) error
}

// Budget is how often an event may happen within a window. A Limit of 0 is unlimited.
type Budget struct {
	Limit  int
	Window time.Duration
}

// Name identifies a budget. The zero value has none.
type Name struct {
	// Kind is the kind of the subject: `account`, `source`, `client`, `user`.
	Kind string
	// Value is the subject. It is never sent to the store, and is logged only if Public is set.
	Value string
	// Public allows Value in the log.
	Public bool
}

// Limiter counts attempts. Its methods may be called concurrently.
type Limiter struct {
	Entries Entries
	// Prefix is the prefix of every key.
	Prefix string
	Now    func() time.Time
	// Exhausted, if not nil, is called for each refusal.
	Exhausted func(ctx context.Context, name Name, retryAfter time.Duration)
}

// Spend takes one of the budget of a name, and returns the key to refund it with; an empty one
// where nothing is counted. It returns a *LimitedError, or the store's error.
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

// grace is how much longer than its window a count is kept, so that it outlives the window by every
// replica's clock. The key includes the window, so an old count has no effect.
const grace = time.Minute

// refundWithin is the timeout of a refund, which also happens after the caller's context has ended.
const refundWithin = time.Second

// Refund refunds the keys that Spend returned; empty ones are skipped. A refund that the store
// loses counts as one attempt until the window ends.
func (l *Limiter) Refund(ctx context.Context, keys ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refundWithin)
	defer cancel()
	for _, key := range keys {
		if key != "" {
			_ = l.Entries.Refund(ctx, key)
		}
	}
}

// Reset resets the budget of a name, at once and for every replica. It returns the store's error.
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

// window returns the key of a name's current budget, and the time until the next window begins. The
// start of a window is derived from the name, so that not all windows end at once.
func (l *Limiter) window(name Name, length time.Duration) (key string, left time.Duration) {
	hash := secret.Sum(name.Kind + " " + name.Value)
	size := length.Microseconds()
	shifted := l.Now().UnixMicro() + int64(binary.BigEndian.Uint64(hash[:8])%uint64(size))
	number, gone := shifted/size, shifted%size
	key = fmt.Sprintf("%s%s:%d", l.Prefix, base64.RawURLEncoding.EncodeToString(hash[:]), number)
	return key, time.Duration(size-gone) * time.Microsecond
}
