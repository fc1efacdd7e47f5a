package feed_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/feed"
)

var errDown = errors.New("the store is down")

// memoryLog is a log in memory.
type memoryLog struct {
	mu      sync.Mutex
	entries []feed.Entry
	head    int64
	made    int64
	down    error
	reads   int
	// gate, if set, delays the result of a read until it is closed.
	gate chan struct{}
}

// append is a revocation that commits.
func (l *memoryLog) append(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.head++
		l.made++ // lost entries too
		l.entries = append(l.entries, feed.Entry{Cursor: l.head, RevokedAt: time.UnixMicro(l.made), Revocation: revocation.Revocation{Kind: revocation.User, UserID: "usr_john"}})
	}
}

// trim deletes all entries up to a cursor; restore resets the log to one.
func (l *memoryLog) trim(cursor int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.entries) > 0 && l.entries[0].Cursor <= cursor {
		l.entries = l.entries[1:]
	}
}

func (l *memoryLog) restore(cursor int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head = cursor
	for n := len(l.entries); n > 0 && l.entries[n-1].Cursor > cursor; n = len(l.entries) {
		l.entries = l.entries[:n-1]
	}
}

func (l *memoryLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = err
}

func (l *memoryLog) block(gate chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gate = gate
}

func (l *memoryLog) taken() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	reads := l.reads
	l.reads = 0
	return reads
}

func (l *memoryLog) LogBounds(context.Context) (feed.Bounds, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := feed.Bounds{Head: l.head, Oldest: l.head + 1}
	if len(l.entries) > 0 {
		b.Oldest = l.entries[0].Cursor
	}
	return b, l.down
}

func (l *memoryLog) SkipCursors(_ context.Context, cursor int64) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head = max(l.head, cursor) + 10
	return l.head, l.down
}

func (l *memoryLog) LogAfter(ctx context.Context, cursor int64, limit int) ([]feed.Entry, error) {
	l.mu.Lock()
	l.reads++
	var found []feed.Entry
	for _, e := range l.entries {
		if e.Cursor > cursor && len(found) < limit {
			found = append(found, e)
		}
	}
	down, gate := l.down, l.gate
	l.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return found, down
}

// recorder is a feed.Listener that counts.
type recorder struct {
	mu              sync.Mutex
	entries, resets int
	lastCursor      int64
}

func (e *recorder) Apply(entries []feed.Entry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.entries += len(entries)
	e.lastCursor = entries[len(entries)-1].Cursor
}

func (e *recorder) InvalidateAll() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.resets++
}

func (e *recorder) applied() (entries, resets int, cursor int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.entries, e.resets, e.lastCursor
}

const heartbeat = time.Second

// bench is a feed that follows a log in memory.
type bench struct {
	*feed.Feed
	log  *memoryLog
	ear  *recorder
	stop context.CancelFunc
}

// follow runs a test in a bubble of fake time with a feed that runs, over a log that has entries
// already.
func follow(t *testing.T, entries int, test func(t *testing.T, b bench), changes ...func(*feed.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := bench{log: &memoryLog{}, ear: &recorder{}}
		b.log.append(entries)
		o := feed.Options{Log: b.log, Logger: slog.New(slog.DiscardHandler), Heartbeat: heartbeat, Listeners: []feed.Listener{b.ear}}
		for _, change := range changes {
			change(&o)
		}
		b.Feed = feed.New(o)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b.stop = cancel
		go b.Run(ctx)
		synctest.Wait()
		test(t, b)
		cancel()
		synctest.Wait()
	})
}

// trusted reports whether a request could use a cache now.
func (b bench) trusted(minCursor int64) bool { return b.Snapshot(minCursor).Trusted }

// pass lets time go by.
func pass(d time.Duration) {
	time.Sleep(d) // fake time: nothing is waited for
	synctest.Wait()
}
