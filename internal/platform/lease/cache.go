package lease

import (
	"context"
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
func NewCache[V any](version *Version, size int) *Cache[V] {
	return &Cache[V]{version: version, values: otter.Must(&otter.Options[string, cached[V]]{MaximumSize: size})}
}

// Stamp says how long another process may use a value again; zero for not at all. Both durations count
// from a moment during GetStamped: another process counts them from before it asked for the value.
type Stamp struct {
	// Version is the version that the value was read at.
	Version int64
	// Trusted is how long Version is known to be the current one.
	Trusted time.Duration
	// Holds is how long the value holds if nothing changes.
	Holds time.Duration
}

// Get returns the value of a key, from memory if it is the version's, and else from load, which
// returns how long the value holds if nothing changes; it is not cached if that is 0. Callers share
// the value and must not change it. Get returns the errors of Version.Current and of load.
func (c *Cache[V]) Get(ctx context.Context, key string, load func(context.Context) (V, time.Duration, error)) (V, error) {
	value, _, err := c.GetStamped(ctx, key, load)
	return value, err
}

// GetStamped is Get together with the stamp of the value.
func (c *Cache[V]) GetStamped(
	ctx context.Context, key string, load func(context.Context) (V, time.Duration, error),
) (V, Stamp, error) {
	r, err := c.version.current(ctx)
	if err != nil {
		var none V
		return none, Stamp{}, err
	}
	startedAt := c.version.now()
	if found, ok := c.values.GetIfPresent(key); ok && found.version == r.version && startedAt < found.until {
		return found.value, c.version.stamp(r, found.until), nil
	}
	value, holds, err := load(ctx)
	if err != nil || holds <= 0 {
		return value, Stamp{}, err
	}
	until := startedAt + holds
	c.values.Set(key, cached[V]{value: value, version: r.version, until: until})
	return value, c.version.stamp(r, until), nil
}
