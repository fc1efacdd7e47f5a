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
	// RevokedAt is when it was appended, by the database's clock: no other entry at the same cursor has it.
	RevokedAt time.Time
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

// Log stores the revocations. The methods that read see every entry whose commit had returned when they were
// called.
type Log interface {
	LogBounds(ctx context.Context) (Bounds, error)
	// LogAfter reads entries behind a cursor, oldest first, at most limit.
	LogAfter(ctx context.Context, cursor int64, limit int) ([]Entry, error)
	// SkipCursors moves the head of the log beyond a cursor, and beyond those after it that may have been
	// used before they were lost. It returns the head.
	SkipCursors(ctx context.Context, cursor int64) (head int64, err error)
}

// Listener applies entries. Its methods are called by one goroutine at a time and must not block.
type Listener interface {
	// Apply applies entries, oldest first.
	Apply(entries []Entry)
	// InvalidateAll invalidates everything, because entries were missed.
	InvalidateAll()
}
