package feed

import (
	"context"
	"time"
)

const (
	// Lease is how long whoever revoked waits for the other replicas. It may be shortened only in a
	// release after one whose Trust is shorter still: replicas of two releases run side by side.
	Lease = 60 * time.Millisecond
	// Trust is how long what is remembered may be answered after a reading of the log began. It is
	// shorter than Lease by more than clocks diverge in that time.
	Trust = 50 * time.Millisecond
)

// now is the time since the feed was made, by the monotonic clock.
func (f *Feed) now() time.Duration { return time.Since(f.startedAt) }

// Moment is what a question finds when it comes.
type Snapshot struct {
	// At is the time since the feed was made, by the monotonic clock.
	At time.Duration
	// Applied is the cursor of the last entry that was acted upon; -1 before the first reading.
	Applied int64
	// Trusted says that what is remembered may be answered, if memory is looked at after this.
	Trusted bool
}

// Ask begins a question that wants an answer from memory, one that takes every entry up to
// minCursor into account. That somebody asks keeps the follower quick.
func (f *Feed) Snapshot(minCursor int64) Snapshot {
	now := f.now()
	// A look is cheap; a write by everybody who asks is not.
	if last := time.Duration(f.lastUsed.Load()); now-last > fastFor/4 {
		f.lastUsed.Store(int64(now))
		if now-last > fastFor {
			f.pollNow()
		}
	}
	read, applied := time.Duration(f.lastRead.Load()), f.applied.Load()
	return Snapshot{
		At: now, Applied: applied,
		Trusted: read > 0 && now-read < Trust && read >= time.Duration(f.floor.Load()) && applied >= minCursor,
	}
}

// WaitForReplicas is the barrier between a revocation and whoever is told of it
// (revlog.RevocationBarrier). It is called after the commit; when it returns, no replica answers
// from before the call. appended says that the caller has appended to the log: then what this
// replica caches is not used until the log has been read anew. Without that another replica may
// have appended a moment ago, and the wait alone is enough, for this replica too; so those who
// revoke what never was cost nobody the cache.
//
// It waits for Lease at most, holds nothing meanwhile, and fails only when ctx ends first: what was
// committed stands all the same.
func (f *Feed) WaitForReplicas(ctx context.Context, appended bool) error {
	if appended {
		f.distrust()
		f.pollNow()
	}
	if f.singleReplica {
		return nil
	}
	timer := time.NewTimer(Lease)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// distrust ends the trust in what was read until now, at once.
func (f *Feed) distrust() {
	now := int64(f.now())
	for {
		floor := f.floor.Load()
		if floor >= now || f.floor.CompareAndSwap(floor, now) {
			return
		}
	}
}

// hurry makes the follower read now.
func (f *Feed) pollNow() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}
