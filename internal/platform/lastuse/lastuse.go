// Package lastuse records when a row, such as a token family or a client's key, was last used,
// asynchronously to the request that used it.
//
// It owns a bounded set of identifiers that wait to be written. It never delays or fails a request: a
// use that does not fit is dropped, and the next use of the row is recorded.
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

// maxWaiting bounds memory: more identifiers than this between two flushes are dropped.
const maxWaiting = 10_000

// flushEvery is the flush interval. The page that shows the last use has a resolution of minutes.
const flushEvery = 5 * time.Second

// Recorder collects uses. Run writes them.
type Recorder struct {
	touch   Touch
	logger  *slog.Logger
	mu      sync.Mutex
	waiting map[string]struct{}
}

// New returns a recorder.
func New(touch Touch, logger *slog.Logger) *Recorder {
	return &Recorder{touch: touch, logger: logger, waiting: make(map[string]struct{})}
}

// Used records a use; it never blocks on the store.
func (r *Recorder) Used(id []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) < maxWaiting {
		r.waiting[string(id)] = struct{}{}
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
// together. After an error the uses are dropped, since the next use records them again; after the
// cancellation of ctx they stay recorded.
func (r *Recorder) Flush(ctx context.Context) {
	r.mu.Lock()
	ids := r.waiting
	r.waiting = make(map[string]struct{})
	r.mu.Unlock()
	for id := range ids {
		err := r.touch(ctx, []byte(id))
		if err != nil && errors.Is(ctx.Err(), context.Canceled) {
			r.putBack(ids)
			return
		}
		if err != nil {
			r.logger.WarnContext(ctx, "recording last use failed", "waiting", len(ids), "error", err)
			return
		}
		delete(ids, id)
	}
}

func (r *Recorder) putBack(ids map[string]struct{}) {
	for id := range ids {
		r.Used([]byte(id))
	}
}
