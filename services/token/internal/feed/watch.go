package feed

import (
	"context"
	"errors"
	"time"
)

// Errors of a watcher.
var (
	// ErrStopped says that the feed ends.
	ErrStopped = errors.New("the revocation feed ends")
	// ErrBehind says that the log cannot be read: another replica may know more.
	ErrBehind = errors.New("the revocation log cannot be read")
)

// Batch is what a watcher is told at once; without entries it is a heartbeat.
type Batch struct {
	Entries []Entry
	// Cursor is that up to which everything has been told.
	Cursor int64
	// Reset says that something behind the asked cursor cannot be told any more.
	Reset bool
}

// Watcher is told the log from a cursor on. It is for one goroutine.
type Watcher struct {
	feed       *Feed
	cursor     int64
	generation int
	reset      bool
	started    bool
}

// Watch follows the log from behind a cursor, or from this moment where from is nil. The watcher
// must be closed. ErrBehind when the log cannot be read.
func (f *Feed) Watch(ctx context.Context, from *int64) (*Watcher, error) {
	if f.watchers.Add(1) == 1 {
		f.pollNow() // the follower takes up its quick pace
	}
	w := &Watcher{feed: f}
	if err := w.start(ctx, from); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Close ends the watching.
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
	// Another replica may have told more than we have read; nobody told what is beyond the head.
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

// refresh reads the log unless that was done just now; of many who come at once one reads.
func (f *Feed) refresh(ctx context.Context) error {
	if f.current(Trust) {
		return nil
	}
	f.pollMu.Lock()
	defer f.pollMu.Unlock()
	if f.current(Trust) {
		return nil
	}
	if err := f.poll(ctx); err != nil {
		return errors.Join(ErrBehind, err)
	}
	return nil
}

// current reports whether the last reading that succeeded began less than a duration ago.
func (f *Feed) current(within time.Duration) bool {
	read := time.Duration(f.lastRead.Load())
	return read > 0 && f.now()-read < within
}

// Next waits for entries or the time of a heartbeat; the first call answers at once. A watcher that
// comes seldom is told from the store what it missed, and holds up nobody. ErrStopped and ErrBehind
// end the watching, as does ctx.
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

// heartbeat says that nothing else has ended, so it is said only by somebody who knows.
func (w *Watcher) heartbeat(ctx context.Context) (Batch, error) {
	if err := w.feed.refresh(ctx); err != nil {
		return Batch{}, err
	}
	batch, _, err := w.read(ctx)
	return batch, err
}

// look answers what there is behind the watcher's cursor and moves it.
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
