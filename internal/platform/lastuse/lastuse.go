// Package lastuse records when a row, such as a token family or a client's key, was last used, or how
// often, asynchronously to the request that used it.
//
// It owns a bounded map of the identifiers that wait to be written, with their uses. It never delays or
// fails a request: a use that does not fit is dropped, and the next use of the row is recorded.
package lastuse

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Touch writes that a row is in use.
type Touch func(ctx context.Context, id []byte) error

// Add writes that a row was used a number of times.
type Add func(ctx context.Context, id []byte, uses int64) error

// maxWaiting bounds memory: more identifiers than this between two flushes are dropped.
const maxWaiting = 10_000

// flushEvery is the flush interval. The page that shows the last use has a resolution of minutes. A
// process that crashes loses what it has not written.
const flushEvery = 5 * time.Second

// Recorder collects uses. Run writes them.
type Recorder struct {
	write Add
	// counts is true where every use matters: those that could not be written are kept.
	counts  bool
	logger  *slog.Logger
	mu      sync.Mutex
	waiting map[string]int64
}

// New returns a recorder of last uses.
func New(touch Touch, logger *slog.Logger) *Recorder {
	r := NewCounter(func(ctx context.Context, id []byte, _ int64) error { return touch(ctx, id) }, logger)
	r.counts = false
	return r
}

// NewCounter returns a recorder of the number of uses.
func NewCounter(add Add, logger *slog.Logger) *Recorder {
	return &Recorder{write: add, counts: true, logger: logger, waiting: make(map[string]int64)}
}

// Used records a use; it never blocks on the store.
func (r *Recorder) Used(id []byte) { r.add(string(id), 1) }

func (r *Recorder) add(id string, uses int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[id] > 0 || len(r.waiting) < maxWaiting {
		r.waiting[id] += uses
	}
}

// Run flushes the recorded uses until ctx ends, and once more then.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second/2)
			defer cancel()
			r.Flush(last)
			return nil
		case <-tick.C:
			r.Flush(ctx)
		}
	}
}

// Flush writes the recorded uses, one statement per identifier so that no two rows are ever locked
// together. After an error last uses are dropped, since the next use records them again, and counts
// stay recorded; after the cancellation of ctx both do.
func (r *Recorder) Flush(ctx context.Context) {
	r.mu.Lock()
	rows := r.waiting
	r.waiting = make(map[string]int64)
	r.mu.Unlock()
	for id, uses := range rows {
		if err := r.write(ctx, []byte(id), uses); err != nil {
			r.failed(ctx, rows, err)
			return
		}
		delete(rows, id)
	}
}

// failed keeps or drops the rows that were not written.
func (r *Recorder) failed(ctx context.Context, rows map[string]int64, err error) {
	canceled := errors.Is(ctx.Err(), context.Canceled)
	if !canceled {
		r.logger.WarnContext(ctx, "recording uses failed", "waiting", len(rows), "error", err)
	}
	if canceled || r.counts {
		for id, uses := range rows {
			r.add(id, uses)
		}
	}
}
