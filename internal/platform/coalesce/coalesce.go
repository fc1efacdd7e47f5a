// Package coalesce turns many questions that come at once into few round trips: while one batch is being answered, the next
// one gathers. Whoever comes alone is asked for at once and waits for nobody.
//
// It owns the gathering. It remembers no answer: every question is asked after it came, so that it sees all that was true
// when it came.
package coalesce

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Load answers the keys of one batch; a key without an answer is left out. Its context ends with no single asker, and knows
// what the first one's does: of the traces that a batch belongs to it stands in that one.
type Load[K comparable, V any] func(ctx context.Context, keys []K) (map[K]V, error)

const (
	// most is how many keys one batch has at most.
	most = 64
	// batches is how many may be under way at once.
	batches = 4
	// patience is how long a batch may take before another one is begun beside it. One at a time gathers best; more than
	// one keeps a lost reply from holding everybody up.
	patience = 5 * time.Millisecond
	// limit bounds one batch.
	limit = 5 * time.Second
)

// Loader gathers questions. Its methods may be called concurrently.
type Loader[K comparable, V any] struct {
	load Load[K, V]

	mu      sync.Mutex
	waiting []*question[K, V]
	// running is how many batches are under way, and slow how many of them are past their patience.
	running, slow int
}

type question[K comparable, V any] struct {
	ctx    context.Context //nolint:containedctx // for what it knows, not for its end
	key    K
	answer chan answer[V]
	// settled is set once, by the batch that takes the question or by the asker who leaves before.
	settled atomic.Bool
}

type answer[V any] struct {
	value V
	found bool
	err   error
}

// New makes a loader. It runs nothing until somebody asks.
func New[K comparable, V any](load Load[K, V]) *Loader[K, V] { return &Loader[K, V]{load: load} }

// Get asks for one key. It fails with Load's error, or when ctx ends first: a question that waits then is never asked, and of
// one that is being asked the outcome is unknown, as of any call.
func (l *Loader[K, V]) Get(ctx context.Context, key K) (value V, found bool, err error) {
	q := &question[K, V]{ctx: ctx, key: key, answer: make(chan answer[V], 1)}
	l.mu.Lock()
	l.waiting = append(l.waiting, q)
	l.start()
	l.mu.Unlock()
	select {
	case a := <-q.answer:
		return a.value, a.found, a.err
	case <-ctx.Done():
		q.settled.Store(true)
		return value, false, ctx.Err()
	}
}

// start begins a runner for what waits, unless one is at work that will soon be back for it; the lock is held.
func (l *Loader[K, V]) start() {
	if len(l.waiting) > 0 && l.running == l.slow && l.running < batches {
		l.running++
		go l.run()
	}
}

// watch counts a batch among the slow ones once its patience has ended, until the batch is done.
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

// run answers batches until nobody waits.
func (l *Loader[K, V]) run() {
	for batch := l.take(); len(batch) > 0; batch = l.take() {
		l.answer(batch)
	}
}

// take removes the questions that wait longest; when there are none, this runner is no more.
func (l *Loader[K, V]) take() []*question[K, V] {
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

func (l *Loader[K, V]) answer(batch []*question[K, V]) {
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
		q.answer <- answer[V]{value: value, found: found, err: err}
	}
}
