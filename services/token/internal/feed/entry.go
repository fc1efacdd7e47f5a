package feed

import (
	"context"
	"time"

	"github.com/vidocu/usher/sdk/enforce/revocation"
)

// Entry is one revocation as followers need it.
type Entry struct {
	// Cursor is its place in the log. Cursors rise by one in the order of commits.
	Cursor int64
	revocation.Revocation
	// Age is how old it was when it was read, by the database's clock.
	Age time.Duration
}

// Bounds are what is in the log.
type Bounds struct {
	// Head is the cursor of the newest entry; 0 when there never was one.
	Head int64
	// Oldest is the cursor of the oldest entry that is still there; Head + 1 when none is.
	Oldest int64
}

// Log is where revocations are kept. Both methods see every entry whose commit had returned when
// they were called.
type Log interface {
	LogBounds(ctx context.Context) (Bounds, error)
	// LogAfter reads entries behind a cursor, oldest first, at most limit.
	LogAfter(ctx context.Context, cursor int64, limit int) ([]Entry, error)
}

// Listener acts upon entries. Its methods are called by one goroutine at a time and must not wait
// for anything.
type Listener interface {
	// Apply acts upon entries, oldest first.
	Apply(entries []Entry)
	// Forget acts upon entries that cannot be told: everything may have ended.
	Forget()
}
