package usher

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"time"
)

// key is the SHA-256 of a token: what is remembered of a token is not enough to use it.
type key [sha256.Size]byte

// keyOf hashes a token of a possible length. It copies it to the stack first, since converting a string would allocate.
func keyOf(token string) key {
	var b [userLength]byte
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

// ways is how many places a key may be in.
const ways = 8

// set is the places of the keys that fall into it. The tags spare a reader the entries that are not the one it looks for.
type set struct {
	tags  [ways]atomic.Uint32
	slots [ways]atomic.Pointer[entry]
	hand  int
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

// place says where a key belongs: the set from its first bytes, the tag from others. An empty slot has the tag 0.
func (t *table) place(k *key) (*set, uint32) {
	i, _ := bits.Mul64(binary.LittleEndian.Uint64(k[:]), uint64(len(t.sets)))
	return &t.sets[i], binary.LittleEndian.Uint32(k[8:]) | 1
}

// get finds an entry whose deadline is still to come. A tag and its slot are written one after the other, so a reader may meet
// a pair that does not belong together: the whole key is compared, and it finds nothing.
func (t *table) get(k *key, now time.Duration) *entry {
	if t == nil {
		return nil
	}
	s, tag := t.place(k)
	for i := range t.ways {
		if s.tags[i].Load() != tag {
			continue
		}
		if e := s.slots[i].Load(); e != nil && e.key == *k {
			if now >= e.deadline {
				return nil
			}
			if !e.used.Load() { // a store where it is set already would take the line from every other core
				e.used.Store(true)
			}
			return e
		}
	}
	return nil
}

// put places an entry: over the same key, else in a free or expired slot, else where the clock hand finds one that was not
// used since it last came by.
func (t *table) put(e *entry, now time.Duration) {
	s, tag := t.place(&e.key)
	i := s.victim(t.ways, e, now)
	s.slots[i].Store(e)
	s.tags[i].Store(tag)
}

func (s *set) victim(n int, e *entry, now time.Duration) int {
	free := -1
	for i := range n {
		old := s.slots[i].Load()
		if old != nil && old.key == e.key {
			return i
		}
		if free < 0 && (old == nil || now >= old.deadline) {
			free = i
		}
	}
	for range n { // a full round at most: readers may be setting marks as fast as they are taken back
		if free >= 0 || !s.slots[s.hand].Load().used.Swap(false) {
			break
		}
		s.hand = (s.hand + 1) % n
	}
	if free < 0 {
		free = s.hand
		s.hand = (s.hand + 1) % n
	}
	return free
}

// remove forgets one key.
func (t *table) remove(k *key) {
	if t == nil {
		return
	}
	s, _ := t.place(k)
	for i := range t.ways {
		if e := s.slots[i].Load(); e != nil && e.key == *k {
			s.empty(i)
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
