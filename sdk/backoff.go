package usher

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	minPause = 25 * time.Millisecond
	maxPause = 2 * time.Second
)

// backoff is an exponential backoff with jitter, so that many clients do not retry at the same
// time.
type backoff struct{ next time.Duration }

// first reports whether no attempt has failed since the last reset.
func (b *backoff) first() bool { return b.next == 0 }

func (b *backoff) reset() { b.next = 0 }

// wait waits for the next attempt; it returns false where ctx ended.
func (b *backoff) wait(ctx context.Context) bool {
	b.next = min(max(2*b.next, minPause), maxPause)
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
