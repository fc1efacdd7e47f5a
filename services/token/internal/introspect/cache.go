package introspect

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// maxAge is the TTL of a cached token: it bounds the age of its facts that no revocation updates,
// such as the last recorded use.
const maxAge = time.Minute

// Cache caches live tokens and no others: a request with an unknown token costs one read by primary
// key. It returns entries only while the feed's lease holds, and each entry only until its token
// expires.
type Cache struct {
	feed   *feed.Feed
	tokens *otter.Cache[secret.Hash, *cached]
	// mu is held while a token is added and while revocations are applied, so that a token that is
	// added and its revocation always see each other. Reads of the cache never take it.
	mu    sync.Mutex
	users index
	// hits counts look-ups found in the cache, misses the tokens read from the store.
	hits, misses atomic.Uint64
}

// cached is one token.
type cached struct {
	hash  secret.Hash
	facts Facts
	// at is the start of the lookup that read it.
	at time.Duration

	next, previous *cached
	linked         bool
}

// NewCache returns a cache of at most size tokens that listens to the feed, which must not run yet.
func NewCache(size int, follow *feed.Feed) *Cache {
	c := &Cache{feed: follow, users: index{first: make(map[string]*cached)}}
	c.tokens = otter.Must(&otter.Options[secret.Hash, *cached]{
		MaximumSize: size,
		OnAtomicDeletion: func(e otter.DeletionEvent[secret.Hash, *cached]) {
			c.users.remove(e.Value)
		},
	})
	follow.Listen(c)
	return c
}

// view is the cache as one lookup may read it.
type view struct {
	cache *Cache
	// at is the start of the lookup, and cursor the last revocation applied by then; -1 before the
	// first.
	at      time.Duration
	cursor  int64
	trusted bool
}

// open starts a lookup. It checks the lease before the cache is read. A nil cache is empty.
func (c *Cache) open(minCursor int64) view {
	if c == nil {
		return view{}
	}
	now := c.feed.Snapshot(minCursor)
	return view{cache: c, at: now.At, cursor: now.Applied, trusted: now.Trusted}
}

// get copies the facts of a cached token into facts, and reports whether it is cached.
func (v *view) get(hash secret.Hash, facts *Facts) bool {
	r := v.find(hash)
	if r == nil {
		return false
	}
	v.copy(r, facts)
	return true
}

// find returns the cached token; nil when it is not cached, has expired, or the lease has run out.
func (v *view) find(hash secret.Hash) *cached {
	if !v.trusted {
		return nil
	}
	r, ok := v.cache.tokens.GetIfPresent(hash)
	if !ok {
		return nil
	}
	if age := v.age(r); age > maxAge || (r.facts.Left > 0 && r.facts.Left <= age) {
		return nil
	}
	v.cache.hits.Add(1)
	return r
}

// copy copies the facts of a cached token, with Left as of now.
func (v *view) copy(r *cached, facts *Facts) {
	*facts = r.facts
	if facts.Left > 0 {
		facts.Left -= v.age(r)
	}
}

func (v *view) age(r *cached) time.Duration { return max(v.at-r.at, 0) }

// countMisses counts look-ups in the store.
func (v *view) countMisses(n int) {
	if v.cache != nil {
		v.cache.misses.Add(uint64(n))
	}
}

// Hits is the number of look-ups found in the cache.
func (c *Cache) Hits() uint64 { return c.hits.Load() }

// Misses is the number of tokens read from the store.
func (c *Cache) Misses() uint64 { return c.misses.Load() }

// put caches facts that were read from the store after the view was opened, unless a revocation
// applied since then revokes the token. A later revocation evicts it.
func (v *view) put(hash secret.Hash, facts Facts) {
	if v.cache == nil || v.cursor < 0 {
		return
	}
	c := v.cache
	facts.LongUnused = false
	c.mu.Lock()
	defer c.mu.Unlock()
	since, complete := c.feed.Since(v.cursor)
	if !complete {
		return
	}
	if len(since) > 0 {
		var revoked revocation.Set
		for i := range since {
			revoked.Add(&since[i].Revocation)
		}
		if facts.revokedBy(hash, &revoked) {
			return
		}
	}
	r := &cached{hash: hash, facts: facts, at: v.at}
	c.users.add(r)
	c.tokens.Set(hash, r)
}

// Apply is feed.Listener. It evicts the tokens that entries revoke.
func (c *Cache) Apply(entries []feed.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range entries {
		c.evict(&entries[i])
	}
}

// InvalidateAll is feed.Listener. It evicts everything.
func (c *Cache) InvalidateAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens.InvalidateAll()
}

// evict evicts the tokens that an entry revokes. It decides only where to look: package
// sdk/enforce/revocation decides which tokens an entry revokes.
func (c *Cache) evict(e *feed.Entry) {
	revoked := revocation.NewSet(&e.Revocation)
	switch {
	case revoked.Everything():
		c.tokens.InvalidateAll()
	case e.Kind == revocation.Token:
		c.tokens.Invalidate(secret.Hash(e.TokenHash))
	case e.Kind == revocation.Workspace: // no plan is cached here
	case e.UserID != "":
		for _, r := range c.users.of(e.UserID) {
			if r.facts.revokedBy(r.hash, revoked) {
				c.tokens.Invalidate(r.hash)
			}
		}
	default:
		c.sweep(revoked)
	}
}

// sweep scans the whole cache, which only the rare revocations by operators need.
func (c *Cache) sweep(revoked *revocation.Set) {
	var hashes []secret.Hash
	for hash, r := range c.tokens.All() {
		if r.facts.revokedBy(hash, revoked) {
			hashes = append(hashes, hash)
		}
	}
	for _, hash := range hashes {
		c.tokens.Invalidate(hash)
	}
}

// revokedBy reports whether one of the revocations revokes the token.
func (f *Facts) revokedBy(hash secret.Hash, by *revocation.Set) bool {
	return by.Ends(&revocation.Cached{
		Hash: (*[len(hash)]byte)(&hash), Kind: f.Kind, FamilyID: string(f.Family), UserID: f.UserID, ClientID: f.ClientID, WorkspaceID: f.WorkspaceID,
	})
}
