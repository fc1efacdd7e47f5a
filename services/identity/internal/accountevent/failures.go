package accountevent

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Failures is the part of the store that a Counter writes to.
type Failures interface {
	// AddFailedSignIns adds to the number of failed sign-ins of the current hour. It does nothing
	// for a user who does not exist.
	AddFailedSignIns(ctx context.Context, userID string, count int64) error
}

const (
	// maxWaiting bounds memory: failures of more users than this between two flushes are dropped.
	maxWaiting = 10_000
	// flushEvery is the flush interval. A process that crashes loses what it has not written.
	flushEvery = 5 * time.Second
)

// Counter counts failed sign-ins by user, and writes them asynchronously. Its methods may be called
// concurrently.
type Counter struct {
	store   Failures
	logger  *slog.Logger
	mu      sync.Mutex
	waiting map[string]int64
}

// NewCounter returns a Counter.
func NewCounter(store Failures, logger *slog.Logger) *Counter {
	return &Counter{store: store, logger: logger, waiting: make(map[string]int64)}
}

// Failed counts a failed sign-in of an existing user; it never blocks on the store.
func (c *Counter) Failed(userID string) { c.add(userID, 1) }

func (c *Counter) add(userID string, count int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting[userID] > 0 || len(c.waiting) < maxWaiting {
		c.waiting[userID] += count
	}
}

// Run writes the counts until ctx ends, and once more then.
func (c *Counter) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second/2)
			defer cancel()
			c.Flush(last)
			return nil
		case <-tick.C:
			c.Flush(ctx)
		}
	}
}

// Flush writes the counts, one statement for each user. What cannot be written now is kept for the
// next flush.
func (c *Counter) Flush(ctx context.Context) {
	c.mu.Lock()
	counts := c.waiting
	c.waiting = make(map[string]int64)
	c.mu.Unlock()
	for userID, count := range counts {
		if err := c.store.AddFailedSignIns(ctx, userID, count); err != nil {
			if !errors.Is(ctx.Err(), context.Canceled) {
				c.logger.WarnContext(ctx, "recording failed sign-ins failed", "waiting", len(counts), "error", err)
			}
			break
		}
		delete(counts, userID)
	}
	for userID, count := range counts {
		c.add(userID, count)
	}
}
