package feed

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/lease"
)

// now is the time since the feed was made, by the monotonic clock.
func (f *Feed) now() time.Duration { return time.Since(f.startedAt) }

// Snapshot is the state of the feed at the start of a request.
type Snapshot struct {
	// At is the time since the feed was made, by the monotonic clock.
	At time.Duration
	// Applied is the cursor of the last entry that was applied; -1 before the first poll.
	Applied int64
	// Trusted says that the lease holds: a cache that is read after this may be used.
	Trusted bool
}

// Snapshot returns the state of the feed for a request that wants to use a cache, which must
// reflect every entry up to minCursor. Calls of it keep the feed polling at fastInterval.
func (f *Feed) Snapshot(minCursor int64) Snapshot {
	now := f.now()
	// A load is cheap; a store on every request is not.
	if last := time.Duration(f.lastUsed.Load()); now-last > fastFor/4 {
		f.lastUsed.Store(int64(now))
		if now-last > fastFor {
			f.pollNow()
		}
	}
	read, applied := time.Duration(f.lastRead.Load()), f.applied.Load()
	return Snapshot{
		At: now, Applied: applied,
		Trusted: read > 0 && now-read < lease.Trust && read >= time.Duration(f.floor.Load()) && applied >= minCursor,
	}
}

// WaitForReplicas is the barrier between the commit of a revocation and its response
// (revlog.RevocationBarrier). When it returns, no replica returns a result from before the call.
// appended says that the caller has appended to the log: then this replica does not use its caches
// until it has polled the log again. Otherwise another replica may have appended a moment ago, and
// waiting is enough, for this replica too; so a request to revoke an unknown token does not disable
// the caches.
//
// It waits for lease.Wait at most, without holding a lock, and fails only when ctx ends first: the
// commit stands then.
func (f *Feed) WaitForReplicas(ctx context.Context, appended bool) error {
	if appended {
		f.distrust()
		f.pollNow()
	}
	if f.singleReplica {
		return nil
	}
	return lease.Pause(ctx)
}

// distrust ends the lease of every poll that started before now.
func (f *Feed) distrust() {
	now := int64(f.now())
	for {
		floor := f.floor.Load()
		if floor >= now || f.floor.CompareAndSwap(floor, now) {
			return
		}
	}
}

// pollNow makes Run poll now.
func (f *Feed) pollNow() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}
