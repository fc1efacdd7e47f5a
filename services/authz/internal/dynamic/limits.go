package dynamic

import (
	"context"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/ratelimit"
)

// Limits bound how many clients register themselves, and how often they change their registrations.
type Limits struct {
	Limiter *ratelimit.Limiter
	// Source is the budget of a source address, and Network that of a network (see networkOf).
	Source, Network ratelimit.Budget
	// Updates is the budget of the updates of one client.
	Updates ratelimit.Budget
	// Total bounds the number of clients.
	Total *Total
}

// take spends one registration of the source and of its network, whether or not it succeeds. It
// returns a *ratelimit.LimitedError.
func (l Limits) take(ctx context.Context, source string) error {
	if _, err := l.Limiter.Spend(ctx, l.Source, ratelimit.Source(source)); err != nil {
		return err
	}
	network := networkOf(source)
	if !network.IsValid() {
		return nil
	}
	_, err := l.Limiter.Spend(ctx, l.Network, ratelimit.Name{Kind: "network", Value: network.String(), Public: true})
	return err
}

// takeUpdate spends one update of a client, which is also one registration of its source, whether or not it
// succeeds. It returns a *ratelimit.LimitedError.
func (l Limits) takeUpdate(ctx context.Context, clientID, source string) error {
	if _, err := l.Limiter.Spend(ctx, l.Updates, ratelimit.Name{Kind: "registration_update", Value: clientID, Public: true}); err != nil {
		return err
	}
	return l.take(ctx, source)
}

// recountAfter is how long a count of the clients is used. Meanwhile each replica adds only its own
// registrations, so that the bound is exceeded by what the other replicas register in that time.
const recountAfter = 10 * time.Second

// Total bounds the number of clients that registered themselves. Counting a million rows for every
// registration would make each of them slow, so that the count is kept for a while. Its methods may
// be called concurrently.
type Total struct {
	limit int
	now   func() time.Time

	mu    sync.Mutex
	count int
	until time.Time
}

// NewTotal returns a Total; a limit of 0 is any number.
func NewTotal(limit int, now func() time.Time) *Total { return &Total{limit: limit, now: now} }

// take counts one more client. It returns ErrFull or the store's error.
func (t *Total) take(ctx context.Context, store Store) error {
	if t.limit == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := t.now(); !now.Before(t.until) {
		count, err := store.CountDynamic(ctx, t.limit)
		if err != nil {
			return err
		}
		t.count, t.until = count, now.Add(recountAfter)
	}
	if t.count >= t.limit {
		return ErrFull
	}
	t.count++
	return nil
}
