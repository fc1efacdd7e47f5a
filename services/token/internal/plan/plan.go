// Package plan returns the plan of a workspace, and caches it for a short time.
//
// It owns the cache: bounded, with a short TTL, and invalidated when the revocation log reports a
// change. The identity service owns the plans; the catalog owns which endpoints a plan includes.
package plan

import (
	"context"
	"sync"
	"time"
)

// maxEntries bounds the cache. An entry takes about two hundred bytes.
const maxEntries = 20_000

// Directory returns current plans. It is called concurrently and batches calls by itself.
type Directory interface {
	// Plan returns a workspace's plan; empty when there is no such workspace.
	Plan(ctx context.Context, workspaceID string) (string, error)
}

// Cache caches plans. Its methods may be called concurrently.
type Cache struct {
	directory Directory
	age       time.Duration
	now       func() time.Time

	mu    sync.RWMutex
	plans map[string]entry
	// lookups are the calls in flight, which later callers share.
	lookups map[string]*lookup
}

type entry struct {
	plan  string
	until time.Time
}

// lookup is one call in flight: done is closed when plan and err are set.
type lookup struct {
	done chan struct{}
	plan string
	err  error
}

// Config are the dependencies and settings of a Cache.
type Config struct {
	Directory Directory
	// Age is the TTL of an entry; 0 caches nothing.
	Age time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// New returns an empty cache.
func New(c Config) *Cache {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Cache{
		directory: c.Directory, age: c.Age, now: c.Now, plans: make(map[string]entry), lookups: make(map[string]*lookup),
	}
}

// Plan returns the workspace's plan, at most Age old; empty for a workspace that does not exist. It
// fails when the plan is not cached and identity is unavailable.
func (b *Cache) Plan(ctx context.Context, workspaceID string) (string, error) {
	b.mu.RLock()
	e, ok := b.plans[workspaceID]
	b.mu.RUnlock()
	if ok && b.now().Before(e.until) {
		return e.plan, nil
	}
	return b.load(ctx, workspaceID)
}

// Fresh returns the workspace's plan as identity has it after the call: it shares no lookup that is
// in flight.
func (b *Cache) Fresh(ctx context.Context, workspaceID string) (string, error) {
	b.mu.Lock()
	delete(b.lookups, workspaceID)
	b.mu.Unlock()
	return b.load(ctx, workspaceID)
}

// Invalidate evicts a workspace. A lookup in flight returns to its callers, and is neither cached
// nor shared with later callers.
func (b *Cache) Invalidate(workspaceID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.plans, workspaceID)
	delete(b.lookups, workspaceID)
}

// InvalidateAll is Invalidate for every workspace, for a listener that has missed entries of the
// revocation log.
func (b *Cache) InvalidateAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.plans)
	clear(b.lookups)
}

// load shares the lookup in flight, or starts one. The lookup outlives a caller whose context ends.
func (b *Cache) load(ctx context.Context, workspaceID string) (string, error) {
	b.mu.Lock()
	q := b.lookups[workspaceID]
	if q == nil {
		q = &lookup{done: make(chan struct{})}
		b.lookups[workspaceID] = q
		go b.run(context.WithoutCancel(ctx), workspaceID, q)
	}
	b.mu.Unlock()
	select {
	case <-q.done:
		return q.plan, q.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// lookupTimeout is the timeout of one lookup.
const lookupTimeout = 5 * time.Second

func (b *Cache) run(ctx context.Context, workspaceID string, q *lookup) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	q.plan, q.err = b.directory.Plan(ctx, workspaceID)
	b.mu.Lock()
	if b.lookups[workspaceID] == q { // else it was invalidated meanwhile
		delete(b.lookups, workspaceID)
		if q.err == nil && b.age > 0 {
			b.store(workspaceID, q.plan)
		}
	}
	b.mu.Unlock()
	close(q.done)
}

// store adds an entry. When the cache is full it evicts the expired entries, and all of them if
// none has expired. The caller holds the lock.
func (b *Cache) store(workspaceID, plan string) {
	now := b.now()
	if len(b.plans) >= maxEntries {
		for id, e := range b.plans {
			if !now.Before(e.until) {
				delete(b.plans, id)
			}
		}
		if len(b.plans) >= maxEntries {
			clear(b.plans)
		}
	}
	b.plans[workspaceID] = entry{plan: plan, until: now.Add(b.age)}
}
