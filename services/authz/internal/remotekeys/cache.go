package remotekeys

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/assertion"
)

// Pause is the time between two reads of an address.
const Pause = time.Minute

const (
	// maxStale is how long keys are used after they were read, if their address cannot be read any
	// more.
	maxStale = 24 * time.Hour
	// maxSets bounds the cache.
	maxSets = 1000
)

// Read reads a JWK Set, and returns how long it may be used. Its error says why it cannot, for the
// log.
type Read func(ctx context.Context, address string) (document []byte, maxAge time.Duration, err error)

// Cache has the keys of each address. Its methods may be called concurrently.
type Cache struct {
	reads   Read
	now     func() time.Time
	flights singleflight.Group
	sets    *otter.Cache[string, set]
}

// set is what is known of an address.
type set struct {
	keys []jose.Key
	// readAt and freshUntil are of the last read that succeeded; zero if none did.
	readAt, freshUntil time.Time
	// triedAt and err are of the last read.
	triedAt time.Time
	err     error
}

// New returns an empty cache.
func New(read Read, now func() time.Time) *Cache {
	return &Cache{reads: read, now: now, sets: otter.Must(&otter.Options[string, set]{MaximumSize: maxSets})}
}

// At returns the keys at an address.
func (c *Cache) At(address string) assertion.Keys { return published{c, address} }

// published are the keys at an address.
type published struct {
	cache   *Cache
	address string
}

// Keys returns the keys at the address, which it reads if they are too old or none has the
// identifier.
func (p published) Keys(ctx context.Context, keyID string) ([]jose.Key, error) {
	found, _ := p.cache.sets.GetIfPresent(p.address) // the zero set is too old
	if found.wantsRead(keyID, p.cache.now()) {
		var err error
		if found, err = p.cache.read(ctx, p.address, keyID); err != nil {
			return nil, err
		}
	}
	if found.readAt.IsZero() || p.cache.now().Sub(found.readAt) > max(maxStale, found.freshUntil.Sub(found.readAt)) {
		return nil, cause.With(fmt.Errorf("%w: %w", assertion.ErrKeysUnreadable, found.err), cause.ClientKeysUnreadable)
	}
	return found.keys, nil
}

// wantsRead reports whether the keys are to be read: they are too old, or none has the identifier,
// and the last read is long enough ago.
func (s set) wantsRead(keyID string, now time.Time) bool {
	if !s.triedAt.IsZero() && now.Sub(s.triedAt) < Pause {
		return false
	}
	known := keyID == "" || slices.ContainsFunc(s.keys, func(key jose.Key) bool { return key.ID == keyID })
	return !known || !now.Before(s.freshUntil)
}

// read reads an address, once for all concurrent callers. It returns ctx's error.
func (c *Cache) read(ctx context.Context, address, keyID string) (set, error) {
	// One caller's end must not end the read for the others; Read has a timeout of its own.
	shared := context.WithoutCancel(ctx)
	done := c.flights.DoChan(address, func() (any, error) {
		before, _ := c.sets.GetIfPresent(address)
		if !before.wantsRead(keyID, c.now()) { // it was read since the caller looked
			return before, nil
		}
		after := c.after(shared, before, address)
		c.sets.Set(address, after)
		return after, nil
	})
	select {
	case result := <-done:
		found, _ := result.Val.(set)
		return found, nil
	case <-ctx.Done():
		return set{}, ctx.Err()
	}
}

// after returns a set after a read of its address. A read that fails leaves the keys.
func (c *Cache) after(ctx context.Context, before set, address string) set {
	after := before
	document, maxAge, err := c.reads(ctx, address)
	now := c.now()
	after.triedAt = now
	if err == nil {
		var keys []jose.Key
		if keys, err = jose.UsableKeys(document); err == nil {
			after.keys, after.readAt, after.freshUntil = keys, now, now.Add(maxAge)
		} else {
			err = fmt.Errorf("the document %w", err)
		}
	}
	after.err = err
	return after
}
