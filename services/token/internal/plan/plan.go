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
func (c *Cache) Plan(ctx context.Context, workspaceID string) (string, error) {
	c.mu.RLock()
	e, ok := c.plans[workspaceID]
	c.mu.RUnlock()
	if ok && c.now().Before(e.until) {
		return e.plan, nil
	}
	return c.load(ctx, workspaceID)
}

// Fresh returns the workspace's plan as identity has it after the call: it shares no lookup that is
// in flight.
func (c *Cache) Fresh(ctx context.Context, workspaceID string) (string, error) {
	c.mu.Lock()
	delete(c.lookups, workspaceID)
	c.mu.Unlock()
	return c.load(ctx, workspaceID)
}

// Invalidate evicts a workspace. A lookup in flight returns to its callers, and is neither cached
// nor shared with later callers.
func (c *Cache) Invalidate(workspaceID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.plans, workspaceID)
	delete(c.lookups, workspaceID)
}

// InvalidateAll is Invalidate for every workspace, for a listener that has missed entries of the
// revocation log.
func (c *Cache) InvalidateAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.plans)
	clear(c.lookups)
}

// load shares the lookup in flight, or starts one. The lookup outlives a caller whose context ends.
func (c *Cache) load(ctx context.Context, workspaceID string) (string, error) {
	c.mu.Lock()
	l := c.lookups[workspaceID]
	if l == nil {
		l = &lookup{done: make(chan struct{})}
		c.lookups[workspaceID] = l
		go c.run(context.WithoutCancel(ctx), workspaceID, l)
	}
	c.mu.Unlock()
	select {
	case <-l.done:
		return l.plan, l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// lookupTimeout is the timeout of one lookup.
const lookupTimeout = 5 * time.Second

func (c *Cache) run(ctx context.Context, workspaceID string, l *lookup) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	l.plan, l.err = c.directory.Plan(ctx, workspaceID)
	c.mu.Lock()
	if c.lookups[workspaceID] == l { // else it was invalidated meanwhile
		delete(c.lookups, workspaceID)
		if l.err == nil && c.age > 0 {
			c.store(workspaceID, l.plan)
		}
	}
	c.mu.Unlock()
	close(l.done)
}

// store adds an entry. When the cache is full it evicts the expired entries, and all of them if
// none has expired. The caller holds the lock.
func (c *Cache) store(workspaceID, plan string) {
	now := c.now()
	if len(c.plans) >= maxEntries {
		for id, e := range c.plans {
			if !now.Before(e.until) {
				delete(c.plans, id)
			}
		}
		if len(c.plans) >= maxEntries {
			clear(c.plans)
		}
	}
	c.plans[workspaceID] = entry{plan: plan, until: now.Add(c.age)}
}
