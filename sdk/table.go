package usher

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/sdk/enforce"
)

// key is the SHA-256 of a token: what is remembered of a token is not enough to use it.
type key [sha256.Size]byte

// keyOf hashes a token of a possible length. It copies it to the stack first, since converting a string would allocate.
func keyOf(token string) key {
	var b [enforce.MaxTokenLength]byte
	return sha256.Sum256(b[:copy(b[:], token)])
}

// entry is one remembered answer. It never changes but for used.
type entry struct {
	key key
	// deadline is on the client's monotonic clock.
	deadline time.Duration
	// token is nil where the answer was that the token is not active.
	token *Token
	// grant is the authorization that the token hangs on.
	grant string
	// used is set by a hit and taken back by the clock hand of eviction.
	used atomic.Bool
}

// living is an entry with its token beside it, so that whoever has found the one need not go far for the other.
type living struct {
	entry
	facts Token
}

// ways is how many places a key may be in.
const ways = 8

// set is the places of the keys that fall into it. The tags spare a reader the entries that are not the one it looks for.
type set struct {
	tags  [ways]atomic.Uint32
	slots [ways]atomic.Pointer[entry]
	hand  int
	_     [24]byte // whole cache lines, so that no set shares one with its neighbour
}

// table is a set-associative hash table. Readers take no lock and see an entry whole or not at all; writers hold the
// memory's mutex. Its size is fixed, so nothing that is asked makes it grow.
type table struct {
	sets []set
	ways int
}

// newTable makes a table for at most n entries; nil for none.
func newTable(n int) *table {
	if n <= 0 {
		return nil
	}
	return &table{sets: make([]set, max(n/ways, 1)), ways: min(n, ways)}
}

// place is one of the two sets that a key may be in. With one alone an eighth of the sets would overflow long before the table
// is full.
func (t *table) place(k *key, choice int) *set {
	i, _ := bits.Mul64(binary.LittleEndian.Uint64(k[8*choice:]), uint64(len(t.sets)))
	return &t.sets[i]
}

// tag is from bytes that place does not use. An empty slot has the tag 0.
func tag(k *key) uint32 { return binary.LittleEndian.Uint32(k[16:]) | 1 }

// choices is how many sets a key may be in.
const choices = 2

// get finds an entry whose deadline is still to come.
func (t *table) get(k *key, now time.Duration) *entry {
	if t == nil {
		return nil
	}
	for choice := range choices {
		if e := t.place(k, choice).find(k, t.ways); e != nil && now < e.deadline {
			if !e.used.Load() { // a store where it is set already would take the line from every other core
				e.used.Store(true)
			}
			return e
		}
	}
	return nil
}

// find reads a set. A tag and its slot are written one after the other, so it may meet a pair that does not belong together:
// the whole key is compared, and nothing is found then.
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

// put places an entry, which is not there yet: in a free or expired slot of either set, else in the first where the clock hand
// finds one that was not used since it last came by.
func (t *table) put(e *entry, now time.Duration) {
	for choice := range choices {
		if s := t.place(&e.key, choice); s.putFree(e, t.ways, now) {
			return
		}
	}
	s := t.place(&e.key, 0)
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

// victim goes round a full set, once at most: readers may be setting marks as fast as they are taken back.
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

// remove forgets one key.
func (t *table) remove(k *key) {
	if t == nil {
		return
	}
	for choice := range choices {
		s := t.place(k, choice)
		for i := range t.ways {
			if e := s.slots[i].Load(); e != nil && e.key == *k {
				s.empty(i)
			}
		}
	}
}

// removeIf forgets every entry that is to go.
func (t *table) removeIf(gone func(*entry) bool) {
	if t == nil {
		return
	}
	for i := range t.sets {
		s := &t.sets[i]
		for j := range t.ways {
			if e := s.slots[j].Load(); e != nil && gone(e) {
				s.empty(j)
			}
		}
	}
}

func (t *table) clear() { t.removeIf(func(*entry) bool { return true }) }

func (s *set) empty(i int) {
	s.tags[i].Store(0)
	s.slots[i].Store(nil)
}
