package usher

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/sdk/enforce"
)

// key is the SHA-256 of a token, so that the cache holds no usable token.
type key [sha256.Size]byte

// keyOf hashes a token of a possible length. It copies it to the stack first, because a conversion
// of the string would allocate.
func keyOf(token string) key {
	var b [enforce.MaxTokenLength]byte
	return sha256.Sum256(b[:copy(b[:], token)])
}

// entry is a cached response. Only used changes.
type entry struct {
	key key
	// deadline is on the client's monotonic clock.
	deadline time.Duration
	// token is nil where the token is not active.
	token *Token
	// grant is the ID of the grant that the token belongs to.
	grant string
	// used is set by a hit and cleared by the clock hand of eviction.
	used atomic.Bool
}

// cachedToken is an entry and its token in one allocation, so that both are close in memory.
type cachedToken struct {
	entry
	value Token
}

// ways is the number of slots of a set.
const ways = 8

// set holds the entries of the keys that map to it. A reader compares the tags first and loads only
// an entry whose tag matches.
type set struct {
	tags  [ways]atomic.Uint32
	slots [ways]atomic.Pointer[entry]
	hand  int
	_     [24]byte // pads the set to whole cache lines, so that no two sets share one (false sharing)
}

// table is a set-associative hash table with clock eviction. Readers take no lock, and load an
// entry atomically; writers hold the cache's mutex. Its size is fixed, so that requests cannot make
// it grow.
type table struct {
	sets []set
	ways int
}

// newTable returns a table for at most n entries; nil for none.
func newTable(n int) *table {
	if n <= 0 {
		return nil
	}
	return &table{sets: make([]set, max(n/ways, 1)), ways: min(n, ways)}
}

// setOf returns one of the two sets that a key may be in. With one set per key, an eighth of the
// sets would overflow long before the table is full.
func (t *table) setOf(k *key, choice int) *set {
	i, _ := bits.Mul64(binary.LittleEndian.Uint64(k[8*choice:]), uint64(len(t.sets)))
	return &t.sets[i]
}

// tag returns bytes of the key that setOf does not use. An empty slot has the tag 0.
func tag(k *key) uint32 { return binary.LittleEndian.Uint32(k[16:]) | 1 }

// choices is the number of sets that a key may be in.
const choices = 2

// get returns the entry of a key that has not expired.
func (t *table) get(k *key, now time.Duration) *entry {
	if t == nil {
		return nil
	}
	for choice := range choices {
		if e := t.setOf(k, choice).find(k, t.ways); e != nil && now < e.deadline {
			if !e.used.Load() { // an unnecessary store would invalidate the cache line on every other core
				e.used.Store(true)
			}
			return e
		}
	}
	return nil
}

// find searches a set. A tag and its slot are not written atomically together, so that a reader may
// load a tag and an entry that do not belong together. It compares the whole key and finds nothing
// then.
func (s *set) find(k *key, n int) *entry {
	want := tag(k)
	for i := range n {
		if s.tags[i].Load() != want {
			continue
		}
		if e := s.slots[i].Load(); e != nil && e.key == *k {
			return e
		}
	}
	return nil
}

// put stores an entry that is not in the table: in a free or expired slot of either set, otherwise
// in the first set, in place of an entry that was not used since the clock hand's last pass.
func (t *table) put(e *entry, now time.Duration) {
	for choice := range choices {
		if s := t.setOf(&e.key, choice); s.putFree(e, t.ways, now) {
			return
		}
	}
	s := t.setOf(&e.key, 0)
	s.set(s.victim(t.ways), e)
}

func (s *set) putFree(e *entry, n int, now time.Duration) bool {
	for i := range n {
		if old := s.slots[i].Load(); old == nil || now >= old.deadline {
			s.set(i, e)
			return true
		}
	}
	return false
}

func (s *set) set(i int, e *entry) {
	s.slots[i].Store(e)
	s.tags[i].Store(tag(&e.key))
}

// victim advances the clock hand to an unused slot, at most once around: readers may set the used
// bits as fast as it clears them.
func (s *set) victim(n int) int {
	for range n {
		if !s.slots[s.hand].Load().used.Swap(false) {
			break
		}
		s.hand = (s.hand + 1) % n
	}
	i := s.hand
	s.hand = (s.hand + 1) % n
	return i
}

// remove evicts one key.
func (t *table) remove(k *key) {
	if t == nil {
		return
	}
	for choice := range choices {
		s := t.setOf(k, choice)
		for i := range t.ways {
			if e := s.slots[i].Load(); e != nil && e.key == *k {
				s.clearSlot(i)
			}
		}
	}
}

// removeIf evicts every entry that match returns true for.
func (t *table) removeIf(match func(*entry) bool) {
	if t == nil {
		return
	}
	for i := range t.sets {
		s := &t.sets[i]
		for j := range t.ways {
			if e := s.slots[j].Load(); e != nil && match(e) {
				s.clearSlot(j)
			}
		}
	}
}

func (t *table) clear() { t.removeIf(func(*entry) bool { return true }) }

func (s *set) clearSlot(i int) {
	s.tags[i].Store(0)
	s.slots[i].Store(nil)
}
