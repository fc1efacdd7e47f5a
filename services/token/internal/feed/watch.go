package feed

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/lease"
)

// Errors of a watcher.
var (
	// ErrStopped says that the feed has stopped.
	ErrStopped = errors.New("the revocation feed ends")
	// ErrBehind says that the log cannot be read, so that newer entries may be missing.
	ErrBehind = errors.New("the revocation log cannot be read")
)

// Batch is one message of a watcher; without entries it is a heartbeat.
type Batch struct {
	Entries []Entry
	// Cursor is the last one that the watcher has received every entry up to.
	Cursor int64
	// Reset says that entries after the requested cursor are no longer available.
	Reset bool
}

// Watcher reads the log from a cursor on. It is for one goroutine.
type Watcher struct {
	feed       *Feed
	cursor     int64
	generation int
	reset      bool
	started    bool
}

// Watch returns a watcher of the log after a cursor, or from now on where from is nil. The watcher
// must be closed. ErrBehind when the log cannot be read.
func (f *Feed) Watch(ctx context.Context, from *int64) (*Watcher, error) {
	if f.watchers.Add(1) == 1 {
		f.pollNow() // Run starts to poll at fastInterval
	}
	w := &Watcher{feed: f}
	if err := w.start(ctx, from); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Close closes the watcher.
func (w *Watcher) Close() { w.feed.watchers.Add(-1) }

func (w *Watcher) start(ctx context.Context, from *int64) error {
	if err := w.feed.refresh(ctx); err != nil {
		return err
	}
	v := w.feed.ring.after(0, 1)
	w.cursor, w.generation = v.head, v.generation
	if from == nil {
		return nil
	}
	if *from <= v.head {
		w.cursor = *from
		return nil
	}
	// Another replica may have sent a cursor that this one has not read yet; a cursor beyond the
	// head was never sent.
	bounds, err := w.feed.options.Log.LogBounds(ctx)
	if err != nil {
		return errors.Join(ErrBehind, err)
	}
	if *from > bounds.Head {
		w.reset = true
		return nil
	}
	w.cursor = *from
	return nil
}

// refresh polls the log unless that was done within lease.Trust; of concurrent callers one polls.
func (f *Feed) refresh(ctx context.Context) error {
	if f.current(lease.Trust) {
		return nil
	}
	f.pollMu.Lock()
	defer f.pollMu.Unlock()
	if f.current(lease.Trust) {
		return nil
	}
	if err := f.poll(ctx); err != nil {
		return errors.Join(ErrBehind, err)
	}
	return nil
}

// current reports whether the last poll that succeeded started less than a duration ago.
func (f *Feed) current(within time.Duration) bool {
	read := time.Duration(f.lastRead.Load())
	return read > 0 && f.now()-read < within
}

// Next waits for entries or for the heartbeat interval; the first call returns at once. A slow
// watcher gets the entries that it missed from the store, and delays no other watcher. After
// ErrStopped, ErrBehind or the end of ctx the watcher is of no use.
func (w *Watcher) Next(ctx context.Context) (Batch, error) {
	timer := time.NewTimer(w.feed.options.Heartbeat)
	defer timer.Stop()
	for {
		batch, changed, err := w.read(ctx)
		if err != nil || !w.started || batch.Reset || len(batch.Entries) > 0 {
			w.started = true
			return batch, err
		}
		select {
		case <-changed:
		case <-timer.C:
			return w.heartbeat(ctx)
		case <-w.feed.stopped:
			return Batch{}, ErrStopped
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
}

// heartbeat returns an empty batch only after a poll: a heartbeat says that there are no newer
// entries.
func (w *Watcher) heartbeat(ctx context.Context) (Batch, error) {
	if err := w.feed.refresh(ctx); err != nil {
		return Batch{}, err
	}
	batch, _, err := w.read(ctx)
	return batch, err
}

// read returns the entries after the watcher's cursor and advances it.
func (w *Watcher) read(ctx context.Context) (Batch, <-chan struct{}, error) {
	v := w.feed.ring.after(w.cursor, pageSize)
	if w.reset || v.generation != w.generation {
		w.cursor, w.generation, w.reset = v.head, v.generation, false
		return Batch{Cursor: w.cursor, Reset: true}, v.changed, nil
	}
	entries := v.entries
	if !v.complete {
		var err error
		if entries, err = w.feed.options.Log.LogAfter(ctx, w.cursor, pageSize); err != nil {
			return Batch{}, nil, errors.Join(ErrBehind, err)
		}
		if len(entries) == 0 || entries[0].Cursor != w.cursor+1 {
			w.cursor = v.head
			return Batch{Cursor: w.cursor, Reset: true}, v.changed, nil
		}
	}
	if len(entries) > 0 {
		w.cursor = entries[len(entries)-1].Cursor
	}
	return Batch{Entries: entries, Cursor: w.cursor}, v.changed, nil
}
