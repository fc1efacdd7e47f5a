// Package plan returns the plan of a workspace, and caches it for a short time.
//
// It owns the cache: bounded, with a short TTL, and invalidated when the revocation log reports a
// change. The identity service owns the plans; the catalog owns which endpoints a plan includes.
package plan

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// maxEntries bounds the cache. An entry takes a few hundred bytes.
const maxEntries = 20_000

// Directory returns current plans. It is called concurrently and batches calls by itself.
type Directory interface {
	// Plan returns a workspace's plan; empty when there is no such workspace.
	Plan(ctx context.Context, workspaceID string) (string, error)
}

// Cache caches plans. Its methods may be called concurrently.
type Cache struct {
	// plans is nil when nothing is cached.
	plans *otter.Cache[key, string]
	load  otter.LoaderFunc[key, string]
	// generation counts the calls of InvalidateAll.
	generation atomic.Uint64
}

// key has the generation too: otter's own InvalidateAll leaves lookups that are in flight, which
// would then be cached.
type key struct {
	generation  uint64
	workspaceID string
}

// New returns an empty cache whose entries live for a TTL; 0 caches nothing.
func New(directory Directory, ttl time.Duration) *Cache {
	c := &Cache{load: func(ctx context.Context, k key) (string, error) { return directory.Plan(ctx, k.workspaceID) }}
	if ttl > 0 {
		c.plans = otter.Must(&otter.Options[key, string]{
			MaximumSize: maxEntries, ExpiryCalculator: otter.ExpiryWriting[key, string](ttl),
		})
	}
	return c
}

// Plan returns the workspace's plan, at most the TTL old; empty for a workspace that does not exist.
// Concurrent callers share a lookup. It fails when the plan is not cached and identity is
// unavailable.
func (c *Cache) Plan(ctx context.Context, workspaceID string) (string, error) {
	if c.plans == nil {
		return c.Fresh(ctx, workspaceID)
	}
	return c.plans.Get(ctx, c.key(workspaceID), c.load)
}

// Fresh returns the workspace's plan as identity has it after the call. It neither reads the cache
// nor shares a lookup.
func (c *Cache) Fresh(ctx context.Context, workspaceID string) (string, error) {
	return c.load(ctx, key{workspaceID: workspaceID})
}

// Invalidate evicts a workspace. A lookup in flight is repeated, not cached.
func (c *Cache) Invalidate(workspaceID string) {
	if c.plans != nil {
		c.plans.Invalidate(c.key(workspaceID))
	}
}

// InvalidateAll is Invalidate for every workspace, for a listener that has missed entries of the
// revocation log.
func (c *Cache) InvalidateAll() { c.generation.Add(1) }

func (c *Cache) key(workspaceID string) key { return key{c.generation.Load(), workspaceID} }
