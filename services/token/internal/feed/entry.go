package feed

import (
	"context"
	"time"

	"github.com/vidocu/usher/sdk/enforce/revocation"
)

// Entry is one revocation as listeners and watchers need it.
type Entry struct {
	// Cursor is its place in the log. Cursors rise by one in the order of commits.
	Cursor int64
	revocation.Revocation
	// Age is the entry's age when it was read, by the database's clock.
	Age time.Duration
}

// Bounds are the first and last cursor of the log.
type Bounds struct {
	// Head is the cursor of the newest entry; 0 when nothing was ever appended.
	Head int64
	// Oldest is the cursor of the oldest entry that is still stored; Head + 1 when none is.
	Oldest int64
}

// Log stores the revocations. Both methods see every entry whose commit had returned when they were
// called.
type Log interface {
	LogBounds(ctx context.Context) (Bounds, error)
	// LogAfter reads entries behind a cursor, oldest first, at most limit.
	LogAfter(ctx context.Context, cursor int64, limit int) ([]Entry, error)
}

// Listener applies entries. Its methods are called by one goroutine at a time and must not block.
type Listener interface {
	// Apply applies entries, oldest first.
	Apply(entries []Entry)
	// InvalidateAll invalidates everything, because entries were missed.
	InvalidateAll()
}
