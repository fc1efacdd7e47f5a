// Package lastuse records when something was last used, a family of tokens or an API key, off the
// path of the request that used it.
//
// It owns a bounded set of names that wait to be written; a family below stands for either. It
// never slows a check down and never fails one: what does not fit is dropped, and the next use of
// the family brings it back.
package lastuse

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Store writes one use.
type Store interface {
	Touch(ctx context.Context, family []byte) error
}

// maxWaiting bounds memory: more families than this between two flushes are dropped.
const maxWaiting = 10_000

// flushEvery is how long a use waits at most. The page that shows it counts in minutes.
const flushEvery = 5 * time.Second

// Recorder collects uses. Run writes them.
type Recorder struct {
	store   Store
	logger  *slog.Logger
	mu      sync.Mutex
	waiting map[string]struct{}
}

// New prepares a recorder.
func New(store Store, logger *slog.Logger) *Recorder {
	return &Recorder{store: store, logger: logger, waiting: make(map[string]struct{})}
}

// Used notes a use; it never blocks on the store.
func (r *Recorder) Used(family []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) < maxWaiting {
		r.waiting[string(family)] = struct{}{}
	}
}

// Run writes what was noted until ctx ends, and once more then.
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

// Flush writes what waits, one statement a family so that no two rows are ever locked together.
// What fails is dropped, since the next use will note it again; what the end of ctx keeps from
// being written goes on waiting.
func (r *Recorder) Flush(ctx context.Context) {
	r.mu.Lock()
	families := r.waiting
	r.waiting = make(map[string]struct{})
	r.mu.Unlock()
	for family := range families {
		err := r.store.Touch(ctx, []byte(family))
		if err != nil && errors.Is(ctx.Err(), context.Canceled) {
			r.putBack(families)
			return
		}
		if err != nil {
			r.logger.WarnContext(ctx, "recording last use failed", "waiting", len(families), "error", err)
			return
		}
		delete(families, family)
	}
}

func (r *Recorder) putBack(families map[string]struct{}) {
	for family := range families {
		r.Used([]byte(family))
	}
}
