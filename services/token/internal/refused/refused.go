// Package refused caches the refusals of refresh tokens that are final, so that a client which
// repeats a refused request costs the database nothing.
//
// It owns a bounded in-process cache with a short TTL, and decides nothing: package grant says which
// refusal is final. A final refusal never becomes wrong, so that no revocation has to evict it. The
// TTL bounds how long a cause is reported after the store has deleted its evidence, and how long a
// token is refused that a restored backup has made current again. The cache holds hashes alone, and
// only of tokens that were issued: random tokens do not fill it.
package refused

import (
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// Capacity is the number of refusals that a replica caches, about 200 bytes each.
	Capacity = 16_384
	// TTL is how long a refusal is cached.
	TTL = time.Minute
)

// key is a token as one client presents it: another client is refused for another cause.
type key struct {
	token    secret.Hash
	clientID string
}

// Cache is the cache. A nil Cache is empty. Its methods may be called concurrently.
type Cache struct {
	causes *otter.Cache[key, cause.Cause]
}

// New returns a cache of at most capacity refusals, each for ttl.
func New(capacity int, ttl time.Duration) *Cache {
	return &Cache{causes: otter.Must(&otter.Options[key, cause.Cause]{
		MaximumSize: capacity, ExpiryCalculator: otter.ExpiryCreating[key, cause.Cause](ttl),
	})}
}

// Find returns why the client is refused with the token; false where that is not cached.
func (c *Cache) Find(token secret.Hash, clientID string) (cause.Cause, bool) {
	if c == nil {
		return "", false
	}
	return c.causes.GetIfPresent(key{token, clientID})
}

// Add caches that the client is refused with the token for good.
func (c *Cache) Add(token secret.Hash, clientID string, why cause.Cause) {
	if c != nil {
		c.causes.Set(key{token, clientID}, why)
	}
}
