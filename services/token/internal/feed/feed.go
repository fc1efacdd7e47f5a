package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// fastInterval is the polling interval while the caches or watchers are in use.
	fastInterval = 20 * time.Millisecond
	// fastFor is how long after the last Snapshot the caches count as in use.
	fastFor = time.Second
	// slowInterval is the polling interval otherwise.
	slowInterval = 500 * time.Millisecond
	// pageSize is the number of entries read at once.
	pageSize = 500
	// readTimeout is the timeout of one poll.
	readTimeout = 2 * time.Second
)

// Options are the dependencies and settings of a feed.
type Options struct {
	Log    Log
	Logger *slog.Logger
	// SingleReplica says that no other process uses this log, so that WaitForReplicas need not
	// wait.
	SingleReplica bool
	// Heartbeat is the longest time between two batches of a watcher.
	Heartbeat time.Duration
	// Listeners apply the entries.
	Listeners []Listener
}

// Feed follows the log. Its methods may be called concurrently, also before Run: no cache is used
// until then.
type Feed struct {
	options       Options
	singleReplica bool
	startedAt     time.Time

	// lastRead is the start of the last poll that succeeded, applied its last cursor: -1 before the
	// first poll. A poll from before floor does not count for the lease.
	lastRead, applied, floor atomic.Int64
	// lastUsed is the time of the last Snapshot.
	lastUsed atomic.Int64
	watchers atomic.Int64

	wake    chan struct{}
	stopped chan struct{}
	stop    sync.Once
	ring    *ring

	// pollMu is held during a poll; it guards failing, which says that the last poll failed, and last.
	pollMu  sync.Mutex
	failing bool
	last    lastEntry
}

// New returns a feed that has read nothing yet.
func New(o Options) *Feed {
	f := &Feed{
		options: o, singleReplica: o.SingleReplica,
		// A little ago, so that 0 is before every poll.
		startedAt: time.Now().Add(-time.Millisecond),
		wake:      make(chan struct{}, 1), stopped: make(chan struct{}), ring: newRing(),
	}
	f.applied.Store(-1)
	f.lastUsed.Store(-int64(time.Hour))
	return f
}

// Listen adds a listener. It must be called before Run.
func (f *Feed) Listen(l Listener) { f.options.Listeners = append(f.options.Listeners, l) }

// Run polls the log until ctx ends, and then stops every watcher. It never fails: while the log
// cannot be read, the caches are not used. A feed runs once.
func (f *Feed) Run(ctx context.Context) {
	defer f.stop.Do(func() { close(f.stopped) })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-f.wake:
		}
		started := f.now()
		f.pollMu.Lock()
		err := f.poll(ctx)
		f.pollMu.Unlock()
		timer.Reset(f.interval(err) - (f.now() - started))
	}
}

// interval is the time between the starts of two polls.
func (f *Feed) interval(err error) time.Duration {
	busy := f.watchers.Load() > 0 || f.now()-time.Duration(f.lastUsed.Load()) < fastFor
	switch {
	case busy && err == nil:
		return fastInterval
	case busy:
		return 5 * fastInterval
	}
	return slowInterval
}

// poll reads the log to its end and applies it. The caller holds pollMu.
func (f *Feed) poll(ctx context.Context) error {
	err := f.readLog(ctx)
	if err != nil && ctx.Err() != nil {
		return err // Run is stopping
	}
	if err != nil && !f.failing {
		f.options.Logger.WarnContext(ctx, "the revocation log cannot be read: the caches are not used", "error", err)
	}
	if err == nil && f.failing {
		f.options.Logger.InfoContext(ctx, "the revocation log is read again")
	}
	f.failing = err != nil
	return err
}

func (f *Feed) readLog(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	started := f.now()
	if err := f.locate(ctx); err != nil {
		return err
	}
	changed := false
	defer func() {
		if changed { // also where a later page could not be read
			f.ring.notify()
		}
	}()
	for {
		entries, lost, err := f.entriesAfter(ctx)
		if err != nil {
			return err
		}
		if lost {
			if err := f.skipLost(ctx); err != nil {
				return err
			}
			continue
		}
		if len(entries) > 0 {
			changed = true
			f.apply(entries)
		}
		if len(entries) < pageSize {
			break
		}
		started = f.now()
	}
	f.lastRead.Store(int64(started))
	return nil
}

// locate finds the cursor to continue from: the head of the log at first. After a failure, which
// may have been a restored backup, it keeps the cursor only if it is within the bounds of the log; a
// cursor beyond them was lost (see entriesAfter).
func (f *Feed) locate(ctx context.Context) error {
	applied := f.applied.Load()
	if applied >= 0 && !f.failing {
		return nil
	}
	bounds, err := f.options.Log.LogBounds(ctx)
	if err != nil {
		return err
	}
	if bounds.Head < 0 || bounds.Oldest > bounds.Head+1 {
		return errors.New("the log's bounds contradict each other")
	}
	if applied < 0 || applied <= bounds.Head && applied+1 < bounds.Oldest {
		f.resetTo(bounds.Head)
	}
	return nil
}

// resetTo invalidates everything and continues after a cursor.
func (f *Feed) resetTo(cursor int64) {
	f.ring.reset(cursor)
	for _, l := range f.options.Listeners {
		l.InvalidateAll()
	}
	f.last = lastEntry{}
	f.applied.Store(cursor)
	f.ring.notify()
}

// apply applies entries. At a gap some were missed, or their cursors were lost: everything is invalidated.
func (f *Feed) apply(entries []Entry) {
	from := 0
	for i, e := range entries {
		if previous := f.applied.Load() + int64(i-from); e.Cursor != previous+1 {
			f.applyRun(entries[from:i])
			f.resetTo(e.Cursor - 1)
			from = i
		}
	}
	f.applyRun(entries[from:])
}

// applyRun applies entries without a gap. It adds them to the ring first: a caller that is about to cache a
// result looks there (see Since), and the listeners evict a result that was cached earlier.
func (f *Feed) applyRun(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	f.ring.add(entries)
	for _, l := range f.options.Listeners {
		l.Apply(entries)
	}
	last := entries[len(entries)-1]
	f.last = lastEntry{revokedAt: last.RevokedAt}
	f.applied.Store(last.Cursor)
}

// ReadAge is the time since the start of the last poll that succeeded; before the first one, the
// time since New.
func (f *Feed) ReadAge() time.Duration { return f.now() - time.Duration(f.lastRead.Load()) }

// Applied is the cursor of the last entry that was applied, which the log's end may be ahead of; -1
// before the first poll.
func (f *Feed) Applied() int64 { return f.applied.Load() }

// Watching is the number of watchers.
func (f *Feed) Watching() int64 { return f.watchers.Load() }

// Since returns the entries after a cursor that was Snapshot.Applied before; false when the ring no
// longer has them, or the feed was reset. A result read from the store after the Snapshot may be
// cached if none of them revokes it, by a listener that holds the lock of its Apply and InvalidateAll
// meanwhile.
func (f *Feed) Since(cursor int64) ([]Entry, bool) {
	v := f.ring.after(cursor, 0)
	return v.entries, v.complete && cursor <= v.head && cursor >= 0
}
