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
	// quick is how often the log is read while somebody needs it.
	fastInterval = 20 * time.Millisecond
	// quickFor is how long after the last question somebody is taken to need it.
	fastFor = time.Second
	// slow is how often it is read otherwise.
	slowInterval = 500 * time.Millisecond
	// page is how many entries are read at once.
	pageSize = 500
	// patience bounds one reading.
	readTimeout = 2 * time.Second
)

// Options say what a feed follows and for whom.
type Options struct {
	Log    Log
	Logger *slog.Logger
	// Alone says that no other process answers from this log, so that WaitForReplicas need not
	// wait.
	SingleReplica bool
	// Heartbeat is how often a watcher hears something at least.
	Heartbeat time.Duration
	// Listeners act upon what ended.
	Listeners []Listener
}

// Feed follows the log. Its methods may be called concurrently, also before Run: nothing is trusted
// then.
type Feed struct {
	options       Options
	singleReplica bool
	startedAt     time.Time

	// read is when the last reading that succeeded began, applied the cursor that it came to: -1
	// before the first one. What was read before floor is not trusted.
	lastRead, applied, floor atomic.Int64
	// asked is when somebody last wanted to answer from memory.
	lastUsed atomic.Int64
	watchers atomic.Int64

	wake    chan struct{}
	stopped chan struct{}
	stop    sync.Once
	ring    *ring

	// reading is held while the log is read; it guards failing, which says that the last reading
	// failed.
	pollMu  sync.Mutex
	failing bool
}

// New makes a feed that has read nothing yet.
func New(o Options) *Feed {
	f := &Feed{
		options: o, singleReplica: o.SingleReplica,
		// A little ago, so that 0 is before every reading.
		startedAt: time.Now().Add(-time.Millisecond),
		wake:      make(chan struct{}, 1), stopped: make(chan struct{}), ring: newRing(),
	}
	f.applied.Store(-1)
	f.lastUsed.Store(-int64(time.Hour))
	return f
}

// Listen adds a listener. It is called before Run.
func (f *Feed) Listen(l Listener) { f.options.Listeners = append(f.options.Listeners, l) }

// Run follows the log until ctx ends, and ends every watcher then. It never fails: what cannot be
// read is not trusted. A feed runs once.
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

// pause is the time between the beginnings of two readings.
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

// follow reads the log to its end and acts upon it. reading is held.
func (f *Feed) poll(ctx context.Context) error {
	err := f.readLog(ctx)
	if err != nil && ctx.Err() != nil {
		return err // we were told to end
	}
	if err != nil && !f.failing {
		f.options.Logger.WarnContext(ctx, "the revocation log cannot be read: nothing remembered is answered", "error", err)
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
	for {
		entries, err := f.options.Log.LogAfter(ctx, f.applied.Load(), pageSize)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			changed = true
			if entries[0].Cursor != f.applied.Load()+1 {
				f.resetTo(entries[0].Cursor - 1)
			}
			f.apply(entries)
		}
		if len(entries) < pageSize {
			break
		}
		started = f.now()
	}
	f.lastRead.Store(int64(started))
	if changed {
		f.ring.notify()
	}
	return nil
}

// begin finds the place to go on from: at first the head of the log, and after a failure, which may
// have been a restored backup, wherever this log knows the cursor.
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
	if applied < 0 || applied > bounds.Head || applied+1 < bounds.Oldest {
		f.resetTo(bounds.Head)
	}
	return nil
}

// beginAt forgets everything and goes on behind a cursor.
func (f *Feed) resetTo(cursor int64) {
	f.ring.reset(cursor)
	for _, l := range f.options.Listeners {
		l.Forget()
	}
	f.applied.Store(cursor)
	f.ring.notify()
}

// apply acts upon entries. They stand in the ring first: whoever is about to remember an answer
// looks there (see Since), and whoever has looked already is overtaken by the listeners.
func (f *Feed) apply(entries []Entry) {
	f.ring.add(entries)
	for _, l := range f.options.Listeners {
		l.Apply(entries)
	}
	f.applied.Store(entries[len(entries)-1].Cursor)
}

// ReadAge is how long ago the last reading of the log that succeeded began; before the first one,
// how long there is none.
func (f *Feed) ReadAge() time.Duration { return f.now() - time.Duration(f.lastRead.Load()) }

// Watching is how many watchers there are.
func (f *Feed) Watching() int64 { return f.watchers.Load() }

// Since tells the entries behind a cursor that was Applied before; false when they are too many to
// be kept here, or the feed began anew. What was read from the store after Applied was taken may be
// remembered if none of them ends it, by a listener that holds meanwhile what its Apply and Forget
// wait for.
func (f *Feed) Since(cursor int64) ([]Entry, bool) {
	v := f.ring.after(cursor, 0)
	return v.entries, v.complete && cursor <= v.head && cursor >= 0
}
