// Package keyuse records when a client last authenticated with a key, asynchronously to the request
// that did.
//
// It owns a bounded set of uses that wait to be written, and writes each key at most once a minute.
// It never delays or fails a request: a use that does not fit is dropped, and a later one is
// recorded.
package keyuse

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Store records one use.
type Store interface {
	TouchKey(ctx context.Context, clientID, keyID string) error
}

const (
	// maxKeys bounds memory: of more keys in a minute, the rest is dropped.
	maxKeys = 10_000
	// flushEvery is the flush interval, the resolution of a last use.
	flushEvery = time.Minute
)

// use is a key of a client.
type use struct{ clientID, keyID string }

// Recorder collects uses. Run writes them.
type Recorder struct {
	store   Store
	logger  *slog.Logger
	mu      sync.Mutex
	waiting map[use]struct{}
}

// New returns a recorder.
func New(store Store, logger *slog.Logger) *Recorder {
	return &Recorder{store: store, logger: logger, waiting: make(map[use]struct{})}
}

// Used records a use; it never blocks on the store.
func (r *Recorder) Used(clientID, keyID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) < maxKeys {
		r.waiting[use{clientID, keyID}] = struct{}{}
	}
}

// Run writes the recorded uses every minute until ctx is done, and once more then.
func (r *Recorder) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second/2)
			defer cancel()
			r.Flush(last)
			return
		case <-tick.C:
			r.Flush(ctx)
		}
	}
}

// Flush writes the recorded uses. After an error they are dropped, since the next use records them
// again.
func (r *Recorder) Flush(ctx context.Context) {
	r.mu.Lock()
	uses := r.waiting
	r.waiting = make(map[use]struct{})
	r.mu.Unlock()
	for one := range uses {
		if err := r.store.TouchKey(ctx, one.clientID, one.keyID); err != nil {
			r.logger.WarnContext(ctx, "recording the last use of keys failed", "waiting", len(uses), "error", err)
			return
		}
	}
}
