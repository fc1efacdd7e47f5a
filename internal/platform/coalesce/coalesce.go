// Package coalesce batches concurrent lookups into few round trips: while one batch is in flight,
// the next one collects keys. A lookup without concurrent ones is sent at once.
//
// It owns the batching. It caches nothing: every lookup is sent after it was requested, so that it
// sees all writes that completed before.
package coalesce

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Load looks up the keys of one batch and returns the values found. Its context is not cancelled
// with any single caller's, and has the values of the first caller's: a batch belongs to that
// caller's trace.
type Load[K comparable, V any] func(ctx context.Context, keys []K) (map[K]V, error)

const (
	// most is the maximum number of keys in a batch.
	most = 64
	// batches is the maximum number of batches in flight.
	batches = 4
	// patience is how long a batch may take before another one is started beside it. A single batch
	// at a time collects the most keys; more than one keeps a lost reply from blocking all callers.
	patience = 5 * time.Millisecond
	// limit is the timeout of a batch.
	limit = 5 * time.Second
)

// Loader batches lookups. Its methods may be called concurrently.
type Loader[K comparable, V any] struct {
	load Load[K, V]

	mu      sync.Mutex
	waiting []*lookup[K, V]
	// running is the number of batches in flight, and slow the number of those that exceeded
	// patience.
	running, slow int
}

type lookup[K comparable, V any] struct {
	ctx    context.Context //nolint:containedctx // for its values, not for its cancellation
	key    K
	result chan result[V]
	// settled is set once, by the batch that sends the lookup or by a caller whose context ended
	// before.
	settled atomic.Bool
}

type result[V any] struct {
	value V
	found bool
	err   error
}

// New creates a loader. It starts no goroutine before the first Get.
func New[K comparable, V any](load Load[K, V]) *Loader[K, V] { return &Loader[K, V]{load: load} }

// Get looks up one key. It returns Load's error, or ctx's when ctx ends first: a lookup that was
// still waiting is then never sent, and the outcome of one in flight is unknown, as of any call.
func (l *Loader[K, V]) Get(ctx context.Context, key K) (value V, found bool, err error) {
	q := &lookup[K, V]{ctx: ctx, key: key, result: make(chan result[V], 1)}
	l.mu.Lock()
	l.waiting = append(l.waiting, q)
	l.start()
	l.mu.Unlock()
	select {
	case a := <-q.result:
		return a.value, a.found, a.err
	case <-ctx.Done():
		q.settled.Store(true)
		return value, false, ctx.Err()
	}
}

// start starts a runner for the waiting lookups, unless a running one will take them soon; l.mu is
// held.
func (l *Loader[K, V]) start() {
	if len(l.waiting) > 0 && l.running == l.slow && l.running < batches {
		l.running++
		go l.run()
	}
}

// watch counts a batch as slow once patience has passed, until the batch is done.
func (l *Loader[K, V]) watch() (done func()) {
	var late, ended bool
	timer := time.AfterFunc(patience, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !ended {
			late = true
			l.slow++
			l.start()
		}
	})
	return func() {
		timer.Stop()
		l.mu.Lock()
		defer l.mu.Unlock()
		if ended = true; late {
			l.slow--
		}
	}
}

// run loads batches until no lookup waits.
func (l *Loader[K, V]) run() {
	for batch := l.take(); len(batch) > 0; batch = l.take() {
		l.loadBatch(batch)
	}
}

// take removes the oldest waiting lookups; if there are none, it counts this runner as stopped.
func (l *Loader[K, V]) take() []*lookup[K, V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.waiting), most)
	batch := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	if n == 0 {
		l.waiting = nil
		l.running--
	}
	return batch
}

func (l *Loader[K, V]) loadBatch(batch []*lookup[K, V]) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(batch[0].ctx), limit)
	defer cancel()
	defer l.watch()()
	keys, seen := make([]K, 0, len(batch)), make(map[K]struct{}, len(batch))
	for _, q := range batch {
		if !q.settled.CompareAndSwap(false, true) {
			continue
		}
		if _, twice := seen[q.key]; !twice {
			seen[q.key] = struct{}{}
			keys = append(keys, q.key)
		}
	}
	if len(keys) == 0 {
		return
	}
	values, err := l.load(ctx, keys)
	for _, q := range batch {
		value, found := values[q.key]
		q.result <- result[V]{value: value, found: found, err: err}
	}
}
