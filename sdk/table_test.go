package usher

import (
	"encoding/binary"
	"testing"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

func entryNumber(i int) *entry {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(i))
	return &entry{
		key: keyOf(string(b[:])), deadline: time.Hour, grant: string(b[:]),
		token: &Token{Subject: "usr_" + string(b[:]), ClientID: "client", WorkspaceID: "ws_a"},
	}
}

func count(t *table) (n int) {
	t.removeIf(func(*entry) bool { n++; return false })
	return n
}

func TestTheTableNeverHoldsMoreThanItsSize(t *testing.T) {
	for _, size := range []int{1, 3, 8, 13, 64, 1000} {
		table := newTable(size)
		for i := range 5000 {
			e := entryNumber(i)
			table.put(e, 0)
			if table.get(&e.key, 0) != e {
				t.Fatalf("size %d: the entry that was just put is missing", size)
			}
			if n := count(table); n > size {
				t.Fatalf("size %d holds %d", size, n)
			}
		}
	}
	if newTable(0).get(&key{}, 0) != nil {
		t.Error("a table without a size holds an entry")
	}
}

func TestAUsedEntryIsNotEvicted(t *testing.T) {
	table, hot := newTable(8), entryNumber(-1)
	table.put(hot, 0)
	for i := range 1000 {
		if table.get(&hot.key, 0) == nil {
			t.Fatalf("evicted after %d others", i)
		}
		table.put(entryNumber(i), 0)
	}
}

func TestAnExpiredEntryIsReplacedFirst(t *testing.T) {
	table := newTable(8)
	for i := range 8 {
		e := entryNumber(i)
		if i == 5 {
			e.deadline = time.Second
		}
		table.put(e, 0)
	}
	table.put(entryNumber(9), 2*time.Second)
	for i := range 8 {
		if e := entryNumber(i); (table.get(&e.key, 0) == nil) != (i == 5) {
			t.Errorf("entry %d", i)
		}
	}
}

func TestFewEntriesAreEvictedBeforeTheTableIsFull(t *testing.T) {
	const size, n = 4096, 4096 * 3 / 4
	table, there := newTable(size), 0
	for i := range n {
		table.put(entryNumber(i), 0)
	}
	for i := range n {
		if e := entryNumber(i); table.get(&e.key, 0) != nil {
			there++
		}
	}
	if there < n*97/100 {
		t.Errorf("%d of %d are in the table", there, n)
	}
}

func TestATokenIsCachedOnce(t *testing.T) {
	m := newCache(64, func() time.Duration { return 0 })
	for range 20 {
		m.store(m.startLookup(), entryNumber(1))
	}
	dead := entryNumber(1)
	dead.token = nil
	m.store(m.startLookup(), dead)
	if live, dead := count(m.active), count(m.inactive); live != 0 || dead != 1 {
		t.Errorf("%d active and %d inactive entries for one token", live, dead)
	}
}

// BenchmarkEvictGrant applies the revocation of one grant to a full cache: misses wait for it, hits
// do not.
func BenchmarkEvictGrant(b *testing.B) {
	m := newCache(defaultCacheSize, func() time.Duration { return 0 })
	for i := range defaultCacheSize {
		m.active.put(entryNumber(i), 0)
	}
	message := &tokenv1.WatchRevocationsResponse{Revocations: []*tokenv1.Revocation{
		{Kind: tokenv1.RevocationKind_REVOCATION_KIND_GRANT, GrantId: []byte("another")},
	}}
	for b.Loop() {
		m.apply(message)
	}
}
