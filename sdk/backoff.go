package usher

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	shortestPause = 25 * time.Millisecond
	longestPause  = 2 * time.Second
)

// backoff is the pause before a next attempt: it doubles, with half of it left to chance, so that many clients do not come back in step.
type backoff struct{ next time.Duration }

// first reports whether no attempt has failed since the last reset.
func (b *backoff) first() bool { return b.next == 0 }

func (b *backoff) reset() { b.next = 0 }

// wait pauses; it reports false when ctx ended.
func (b *backoff) wait(ctx context.Context) bool {
	b.next = min(max(2*b.next, shortestPause), longestPause)
	return pause(ctx, b.next/2+rand.N(b.next/2)) //nolint:gosec // noise, not a secret
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
