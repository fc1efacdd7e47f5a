package lease

import (
	"context"
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"
)

// Cache has values of one Version in memory. Its methods may be called concurrently.
type Cache[V any] struct {
	version *Version
	values  *otter.Cache[string, cached[V]]
}

// cached is a value with the version before it was read: the value may be newer, and never older.
type cached[V any] struct {
	value   V
	version int64
	until   time.Duration
}

// NewCache returns a cache of at most size values.
func NewCache[V any](version *Version, size int) (*Cache[V], error) {
	values, err := otter.New(&otter.Options[string, cached[V]]{MaximumSize: size})
	if err != nil {
		return nil, fmt.Errorf("making a cache: %w", err)
	}
	return &Cache[V]{version: version, values: values}, nil
}

// Get returns the value of a key, from memory if it is the version's, and else from load, which
// returns how long the value holds if nothing changes; it is not cached if that is 0. Callers share
// the value and must not change it. Get returns the errors of Version.Current and of load.
func (c *Cache[V]) Get(ctx context.Context, key string, load func(context.Context) (V, time.Duration, error)) (V, error) {
	version, err := c.version.Current(ctx)
	if err != nil {
		var none V
		return none, err
	}
	startedAt := c.version.now()
	if found, ok := c.values.GetIfPresent(key); ok && found.version == version && startedAt < found.until {
		return found.value, nil
	}
	value, holds, err := load(ctx)
	if err == nil && holds > 0 {
		c.values.Set(key, cached[V]{value: value, version: version, until: startedAt + holds})
	}
	return value, err
}
