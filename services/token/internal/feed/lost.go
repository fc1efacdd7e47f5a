package feed

import (
	"context"
	"fmt"
	"time"
)

// lastEntry is what is known of the entry at the cursor that was applied last. The database may lose its
// newest commits by a failover and then use their cursors again, for entries that would be taken for
// those that were applied.
type lastEntry struct {
	// revokedAt is the entry's; zero until it was read.
	revokedAt time.Time
	// absent says that the log has no entry at that cursor: it was trimmed, or never used.
	absent bool
}

// entriesAfter reads the entries after the last cursor. It returns lost when the log does not have the
// entry at it that was applied.
func (f *Feed) entriesAfter(ctx context.Context) (entries []Entry, lost bool, err error) {
	applied := f.applied.Load()
	entries, err = f.options.Log.LogAfter(ctx, max(applied-1, 0), pageSize+1)
	if err != nil {
		return nil, false, err
	}
	if len(entries) == 0 || entries[0].Cursor != applied {
		lost, err = f.lostWithoutEntry(ctx, applied)
		return entries, lost, err
	}
	last := entries[0].RevokedAt
	if f.last.revokedAt.IsZero() && !f.last.absent {
		f.last.revokedAt = last
	}
	return entries[1:], f.last.absent || !f.last.revokedAt.Equal(last), nil
}

// lostWithoutEntry reports whether a cursor at which the log has no entry was lost. It reads the bounds of
// the log each time, which is rare: after a week without a revocation, and after a cursor was lost.
func (f *Feed) lostWithoutEntry(ctx context.Context, applied int64) (bool, error) {
	if applied == 0 { // before the first entry
		return false, nil
	}
	bounds, err := f.options.Log.LogBounds(ctx)
	if err != nil {
		return false, err
	}
	if bounds.Head < applied || !f.last.revokedAt.IsZero() && bounds.Oldest <= applied {
		return true, nil
	}
	f.last = lastEntry{absent: true}
	return false, nil
}

// skipLost invalidates everything, and continues at a cursor that no entry had before.
func (f *Feed) skipLost(ctx context.Context) error {
	applied := f.applied.Load()
	head, err := f.options.Log.SkipCursors(ctx, applied)
	if err != nil {
		return fmt.Errorf("skipping the cursors that were lost: %w", err)
	}
	f.options.Logger.WarnContext(ctx, "the database lost revocations that were read before: the caches are invalidated",
		"cursor", applied, "next_cursor", head+1)
	f.resetTo(head)
	return nil
}
