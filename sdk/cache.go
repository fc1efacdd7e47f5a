package usher

import (
	"sync"
	"sync/atomic"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce/revocation"
)

// maxRecent is the number of revocations that are kept to check the responses of concurrent lookups
// against. A response is not cached if there were more during its lookup.
const maxRecent = 1024

// cache holds the responses of the token service, and the most recent revocations.
//
// A response may be cached only if it reflects every revocation so far. The argument: a lookup
// records atomically how many revocations were applied here and the highest cursor among them, and
// requests a response that reflects the log up to that cursor. A revocation that the response does
// not reflect therefore has a higher cursor. The response is stored under the same mutex that
// revocations are applied under. Such a revocation was either applied before the response is
// stored: then it is among the recent ones, and the response is checked against it. Or it is
// applied afterwards: then it finds the entry and evicts it. A response that was not stored is
// requested again.
type cache struct {
	now func() time.Duration
	// trusted is the time on the client's monotonic clock until which entries may be used.
	trusted          atomic.Int64
	active, inactive *table

	mu sync.Mutex
	// recent is a ring buffer of the last revocations by number; applied is the number of the last
	// one, lastClear that of the last clear.
	recent             [maxRecent]*revocation.Revocation
	applied, lastClear uint64
	cursor             int64
	following          bool
}

func newCache(size int, now func() time.Duration) *cache {
	c := &cache{now: now, active: newTable(size)}
	if size > 0 {
		c.inactive = newTable(min(max(size/8, ways), 4096))
	}
	return c
}

// get returns an entry that may be used at now; its token is nil where the token was not active.
func (c *cache) get(k *key, now time.Duration) *entry {
	if !c.isTrusted(now) {
		return nil
	}
	if e := c.active.get(k, now); e != nil {
		return e
	}
	return c.inactive.get(k, now)
}

func (c *cache) isTrusted(now time.Duration) bool { return now < time.Duration(c.trusted.Load()) }

func (c *cache) trustUntil(until time.Duration) { c.trusted.Store(int64(until)) }

// lookup is the state of the revocation log at the start of a request to the token service.
type lookup struct {
	start   time.Duration
	applied uint64
	cursor  int64
}

func (c *cache) startLookup() lookup {
	c.mu.Lock()
	defer c.mu.Unlock()
	return lookup{start: c.now(), applied: c.applied, cursor: c.cursor}
}

// store stores the response of a lookup, unless a revocation since its start may concern it. It
// reports false then, and the response must not be returned to calls that began after the lookup.
func (c *cache) store(l lookup, e *entry) (current bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.applied < c.lastClear || c.applied-l.applied > maxRecent {
		return false
	}
	if l.applied < c.applied && e.outdated(c.revocationsSince(l.applied)) {
		return false
	}
	table := c.active
	if e.token == nil {
		table = c.inactive
	}
	if now := c.now(); table != nil && now < e.deadline {
		c.active.remove(&e.key)
		c.inactive.remove(&e.key)
		table.put(e, now)
	}
	return true
}

func (c *cache) revocationsSince(applied uint64) *revocation.Set {
	var s revocation.Set
	for n := applied + 1; n <= c.applied; n++ {
		s.Add(c.recent[n%maxRecent])
	}
	return &s
}

// apply applies a message of the revocation log, and then its cursor.
func (c *cache) apply(res *tokenv1.WatchRevocationsResponse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if res.GetReset_() {
		c.clearLocked()
	}
	if len(res.GetRevocations()) > 0 {
		c.evict(res.GetRevocations())
	}
	c.cursor, c.following = res.GetCursor(), true
}

func (c *cache) evict(revocations []*tokenv1.Revocation) {
	var s revocation.Set
	for _, received := range revocations {
		r := fromProto(received)
		c.applied++
		c.recent[c.applied%maxRecent] = r
		s.Add(r)
	}
	if s.Everything() {
		c.clearLocked()
		return
	}
	for hash := range s.Tokens {
		k := key(hash)
		c.active.remove(&k)
		c.inactive.remove(&k)
	}
	if s.Wide() {
		c.active.removeIf(func(e *entry) bool { return e.outdated(&s) })
	}
	if s.Has(revocation.Workspace) {
		c.inactive.clear()
	}
}

// clear evicts all entries.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clearLocked()
}

func (c *cache) clearLocked() {
	c.applied++
	c.recent[c.applied%maxRecent] = &revocation.Revocation{} // without a kind: matches every entry
	c.lastClear = c.applied
	c.active.clear()
	c.inactive.clear()
}

// resumeRequest returns the request that continues the log after the last message.
func (c *cache) resumeRequest() *tokenv1.WatchRevocationsRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.following {
		return &tokenv1.WatchRevocationsRequest{}
	}
	cursor := c.cursor
	return &tokenv1.WatchRevocationsRequest{Cursor: &cursor}
}
