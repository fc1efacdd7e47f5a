// Package plan answers which plan a workspace has, and remembers it for a short time.
//
// It owns the memory: bounded, brief, and forgotten at once when a change is heard of. The plans
// themselves belong to identity; what a plan opens, to the catalog.
package plan

import (
	"context"
	"sync"
	"time"
)

// most bounds the memory. A workspace is remembered in about two hundred bytes.
const maxEntries = 20_000

// Directory knows the plans at this moment. Many may ask it at once; gathering them is its
// business.
type Directory interface {
	// Plan is a workspace's plan; empty when there is no such workspace, and then nothing is in it.
	Plan(ctx context.Context, workspaceID string) (string, error)
}

// Book remembers plans. Its methods may be called concurrently.
type Cache struct {
	directory Directory
	age       time.Duration
	now       func() time.Time

	mu    sync.RWMutex
	plans map[string]entry
	// asking are the questions under way, which later askers join.
	lookups map[string]*lookup
}

type entry struct {
	plan  string
	until time.Time
}

// question is one under way: done is closed when plan and err are set.
type lookup struct {
	done chan struct{}
	plan string
	err  error
}

// Config is what a Book stands on.
type Config struct {
	Directory Directory
	// Age is how long a plan is remembered; 0 remembers nothing.
	Age time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// New makes a book that remembers nothing yet.
func New(c Config) *Cache {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Cache{
		directory: c.Directory, age: c.Age, now: c.Now, plans: make(map[string]entry), lookups: make(map[string]*lookup),
	}
}

// Plan is the workspace's plan, at most Age old; empty for a workspace that does not exist. It
// fails when identity cannot be asked and nothing is remembered.
func (b *Cache) Plan(ctx context.Context, workspaceID string) (string, error) {
	b.mu.RLock()
	e, ok := b.plans[workspaceID]
	b.mu.RUnlock()
	if ok && b.now().Before(e.until) {
		return e.plan, nil
	}
	return b.load(ctx, workspaceID)
}

// Fresh is the workspace's plan as identity has it after the call came: it joins no question that
// is under way.
func (b *Cache) Fresh(ctx context.Context, workspaceID string) (string, error) {
	b.mu.Lock()
	delete(b.lookups, workspaceID)
	b.mu.Unlock()
	return b.load(ctx, workspaceID)
}

// Forget drops what is remembered of a workspace. A question that is under way is answered to those
// who asked it, and is neither remembered nor joined.
func (b *Cache) Invalidate(workspaceID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.plans, workspaceID)
	delete(b.lookups, workspaceID)
}

// ForgetAll is Forget for every workspace: who follows the log and has missed a part of it knows no
// better.
func (b *Cache) InvalidateAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.plans)
	clear(b.lookups)
}

// ask joins the question that is under way, or asks it. The question outlives an asker who goes
// away.
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

// askLimit bounds one question.
const lookupTimeout = 5 * time.Second

func (b *Cache) run(ctx context.Context, workspaceID string, q *lookup) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	q.plan, q.err = b.directory.Plan(ctx, workspaceID)
	b.mu.Lock()
	if b.lookups[workspaceID] == q { // else it was forgotten meanwhile
		delete(b.lookups, workspaceID)
		if q.err == nil && b.age > 0 {
			b.store(workspaceID, q.plan)
		}
	}
	b.mu.Unlock()
	close(q.done)
}

// remember makes room by dropping what is over, and if nothing is, everything: it comes back by
// being asked. The lock is held.
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
