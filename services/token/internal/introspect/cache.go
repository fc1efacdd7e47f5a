package introspect

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// longestMemory is how long an answer is remembered: it bounds what may be wrong in it, such as the last recorded use.
const longestMemory = time.Minute

// Cache remembers live tokens, and no others: who asks for what is not there pays one read of a primary key. It answers only
// while the feed trusts what was read of the revocation log, and each answer only while the token itself lives.
type Cache struct {
	feed *feed.Feed
	held *otter.Cache[secret.Hash, *remembered]
	// mu is held while something is remembered and while entries are acted upon, so that of an answer and what ends it one
	// sees the other. Whoever answers from memory never takes it.
	mu    sync.Mutex
	users index
	// hits are answers from memory, and misses what the store was asked.
	hits, misses atomic.Uint64
}

// remembered is one answer.
type remembered struct {
	hash  secret.Hash
	facts Facts
	// at is when the question was asked that it answered.
	at time.Duration

	next, previous *remembered
	linked         bool
}

// NewCache makes a cache of at most size tokens and has it follow the feed, which must not run yet.
func NewCache(size int, follow *feed.Feed) (*Cache, error) {
	c := &Cache{feed: follow, users: index{first: make(map[string]*remembered)}}
	var err error
	c.held, err = otter.New(&otter.Options[secret.Hash, *remembered]{
		MaximumSize: size,
		OnAtomicDeletion: func(e otter.DeletionEvent[secret.Hash, *remembered]) {
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

// open begins a question. Whether memory may be trusted is decided before it is looked at. A nil cache knows nothing.
func (c *Cache) open(minCursor int64) view {
	if c == nil {
		return view{}
	}
	moment := c.feed.Ask(minCursor)
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
func (v *view) find(hash secret.Hash) *remembered {
	if !v.trusted {
		return nil
	}
	r, ok := v.cache.held.GetIfPresent(hash)
	if !ok {
		return nil
	}
	if age := v.age(r); age > longestMemory || (r.facts.Left > 0 && r.facts.Left <= age) {
		return nil
	}
	v.cache.hits.Add(1)
	return r
}

// copy makes facts of what find found, with the time that is left now.
func (v *view) copy(r *remembered, facts *Facts) {
	*facts = r.facts
	if facts.Left > 0 {
		facts.Left -= v.age(r)
	}
}

func (v *view) age(r *remembered) time.Duration { return max(v.at-r.at, 0) }

// asked counts look-ups in the store.
func (v *view) asked(n int) {
	if v.cache != nil {
		v.cache.misses.Add(uint64(n))
	}
}

// Hits is how many look-ups were answered from memory.
func (c *Cache) Hits() uint64 { return c.hits.Load() }

// Misses is how many were not.
func (c *Cache) Misses() uint64 { return c.misses.Load() }

// put remembers facts that were read from the store after the view was opened, unless an entry that was acted upon since then
// ends them. One that is still to come finds them.
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
	for i := range since {
		if ends(&since[i], hash, &facts) {
			return
		}
	}
	r := &remembered{hash: hash, facts: facts, at: v.at}
	c.users.add(r)
	c.held.Set(hash, r)
}

// Apply forgets what entries end: feed.Listener.
func (c *Cache) Apply(entries []feed.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range entries {
		c.forget(&entries[i])
	}
}

// Forget forgets everything: feed.Listener.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held.InvalidateAll()
}

func (c *Cache) forget(e *feed.Entry) {
	switch e.Kind {
	case feed.Token:
		if hash, err := secret.HashFromBytes(e.TokenHash); err == nil {
			c.held.Invalidate(hash)
			return
		}
		c.held.InvalidateAll() // it names something that we cannot read
	case feed.Family, feed.Pair, feed.User, feed.Member:
		if e.UserID == "" {
			c.sweep(e)
		}
		for _, r := range c.users.of(e.UserID) {
			if ends(e, r.hash, &r.facts) {
				c.held.Invalidate(r.hash)
			}
		}
	case feed.Workspace:
	case feed.Client, feed.AuthenticationApp:
		c.sweep(e)
	default:
		c.held.InvalidateAll()
	}
}

// sweep looks at everything. It is for what an operator does now and then.
func (c *Cache) sweep(e *feed.Entry) {
	var ended []secret.Hash
	for hash, r := range c.held.All() {
		if ends(e, hash, &r.facts) {
			ended = append(ended, hash)
		}
	}
	for _, hash := range ended {
		c.held.Invalidate(hash)
	}
}

// ends reports whether an entry ends a token, or may: forgetting more than it names is always right.
func ends(e *feed.Entry, hash secret.Hash, f *Facts) bool {
	switch e.Kind {
	case feed.Token:
		return bytes.Equal(e.TokenHash, hash[:])
	case feed.Family:
		return bytes.Equal(e.Family, f.Family)
	case feed.Pair:
		return e.UserID == f.UserID && e.ClientID == f.ClientID
	case feed.User:
		return e.UserID == f.UserID
	case feed.Member:
		return e.UserID == f.UserID && (f.WorkspaceID == "" || e.WorkspaceID == f.WorkspaceID)
	case feed.Client:
		return e.ClientID == f.ClientID
	case feed.AuthenticationApp:
		return f.Kind == enforce.UserToken
	case feed.Workspace:
		return false
	}
	return true
}
