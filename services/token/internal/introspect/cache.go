package introspect

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// longestMemory is how long an answer is remembered: it bounds what may be wrong in it, such as the
// last recorded use.
const maxAge = time.Minute

// Cache remembers live tokens, and no others: who asks for what is not there pays one read of a
// primary key. It answers only while the feed trusts what was read of the revocation log, and each
// answer only while the token itself lives.
type Cache struct {
	feed   *feed.Feed
	tokens *otter.Cache[secret.Hash, *cached]
	// mu is held while something is remembered and while entries are acted upon, so that of an
	// answer and what ends it one sees the other. Whoever answers from memory never takes it.
	mu    sync.Mutex
	users index
	// hits are answers from memory, and misses what the store was asked.
	hits, misses atomic.Uint64
}

// remembered is one answer.
type cached struct {
	hash  secret.Hash
	facts Facts
	// at is when the question was asked that it answered.
	at time.Duration

	next, previous *cached
	linked         bool
}

// NewCache makes a cache of at most size tokens and has it follow the feed, which must not run yet.
func NewCache(size int, follow *feed.Feed) (*Cache, error) {
	c := &Cache{feed: follow, users: index{first: make(map[string]*cached)}}
	var err error
	c.tokens, err = otter.New(&otter.Options[secret.Hash, *cached]{
		MaximumSize: size,
		OnAtomicDeletion: func(e otter.DeletionEvent[secret.Hash, *cached]) {
			c.users.remove(e.Value)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("making the introspection cache: %w", err)
	}
	follow.Listen(c)
	return c, nil
}

// view is the cache as one question may see it.
type view struct {
	cache *Cache
	// at is when the question came, and cursor what had been acted upon then; -1 where nothing had.
	at      time.Duration
	cursor  int64
	trusted bool
}

// open begins a question. Whether memory may be trusted is decided before it is looked at. A nil
// cache knows nothing.
func (c *Cache) open(minCursor int64) view {
	if c == nil {
		return view{}
	}
	moment := c.feed.Snapshot(minCursor)
	return view{cache: c, at: moment.At, cursor: moment.Applied, trusted: moment.Trusted}
}

// get copies what is remembered of a live token into facts.
func (v *view) get(hash secret.Hash, facts *Facts) bool {
	r := v.find(hash)
	if r == nil {
		return false
	}
	v.copy(r, facts)
	return true
}

// find is what is remembered of a live token; nil where nothing is, or where it may not be told.
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

// copy makes facts of what find found, with the time that is left now.
func (v *view) copy(r *cached, facts *Facts) {
	*facts = r.facts
	if facts.Left > 0 {
		facts.Left -= v.age(r)
	}
}

func (v *view) age(r *cached) time.Duration { return max(v.at-r.at, 0) }

// asked counts look-ups in the store.
func (v *view) countMisses(n int) {
	if v.cache != nil {
		v.cache.misses.Add(uint64(n))
	}
}

// Hits is how many look-ups were answered from memory.
func (c *Cache) Hits() uint64 { return c.hits.Load() }

// Misses is how many were not.
func (c *Cache) Misses() uint64 { return c.misses.Load() }

// put remembers facts that were read from the store after the view was opened, unless an entry that
// was acted upon since then ends them. One that is still to come finds them.
func (v *view) put(hash secret.Hash, facts Facts) {
	if v.cache == nil || v.cursor < 0 {
		return
	}
	c := v.cache
	facts.LongUnused = false
	c.mu.Lock()
	defer c.mu.Unlock()
	since, known := c.feed.Since(v.cursor)
	if !known {
		return
	}
	if len(since) > 0 {
		var ended revocation.Set
		for i := range since {
			ended.Add(&since[i].Revocation)
		}
		if facts.revokedBy(hash, &ended) {
			return
		}
	}
	r := &cached{hash: hash, facts: facts, at: v.at}
	c.users.add(r)
	c.tokens.Set(hash, r)
}

// Apply evicts what entries end: feed.Listener.
func (c *Cache) Apply(entries []feed.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range entries {
		c.evict(&entries[i])
	}
}

// Forget evicts everything: feed.Listener.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens.InvalidateAll()
}

// evict evicts the tokens that an entry ends. Only where to look is decided here: whom it ends is
// the rule of package revocation.
func (c *Cache) evict(e *feed.Entry) {
	ended := revocation.NewSet(&e.Revocation)
	switch {
	case ended.Everything():
		c.tokens.InvalidateAll()
	case e.Kind == revocation.Token:
		c.tokens.Invalidate(secret.Hash(e.TokenHash))
	case e.Kind == revocation.Workspace: // no plan is cached here
	case e.UserID != "":
		for _, r := range c.users.of(e.UserID) {
			if r.facts.revokedBy(r.hash, ended) {
				c.tokens.Invalidate(r.hash)
			}
		}
	default:
		c.sweep(ended)
	}
}

// sweep looks through the whole cache, which operators' decisions need now and then.
func (c *Cache) sweep(ended *revocation.Set) {
	var hashes []secret.Hash
	for hash, r := range c.tokens.All() {
		if r.facts.revokedBy(hash, ended) {
			hashes = append(hashes, hash)
		}
	}
	for _, hash := range hashes {
		c.tokens.Invalidate(hash)
	}
}

// ended reports whether revocations end the token.
func (f *Facts) revokedBy(hash secret.Hash, by *revocation.Set) bool {
	return by.Ends(&revocation.Cached{
		Hash: (*[len(hash)]byte)(&hash), Kind: f.Kind, FamilyID: string(f.Family), UserID: f.UserID, ClientID: f.ClientID, WorkspaceID: f.WorkspaceID,
	})
}
