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
		token: &Token{Subject: "usr_" + string(b[:]), ClientID: "app", WorkspaceID: "ws_a"},
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
				t.Fatalf("size %d: what was just put is not there", size)
			}
			if n := count(table); n > size {
				t.Fatalf("size %d holds %d", size, n)
			}
		}
	}
	if newTable(0).get(&key{}, 0) != nil {
		t.Error("no table holds something")
	}
}

func TestWhatIsUsedOutlivesWhatIsNot(t *testing.T) {
	table, hot := newTable(8), entryNumber(-1)
	table.put(hot, 0)
	for i := range 1000 {
		if table.get(&hot.key, 0) == nil {
			t.Fatalf("gone after %d others", i)
		}
		table.put(entryNumber(i), 0)
	}
}

func TestTheExpiredMakesRoomFirst(t *testing.T) {
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

func TestNearlyAllFitsBeforeTheTableIsFull(t *testing.T) {
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
		t.Errorf("%d of %d are there", there, n)
	}
}

func TestTheSameTokenIsRememberedOnce(t *testing.T) {
	m := newMemory(64, func() time.Duration { return 0 })
	for range 20 {
		m.remember(m.ask(), entryNumber(1))
	}
	dead := entryNumber(1)
	dead.token = nil
	m.remember(m.ask(), dead)
	if live, dead := count(m.live), count(m.dead); live != 0 || dead != 1 {
		t.Errorf("%d live and %d dead answers for one token", live, dead)
	}
}

// BenchmarkForgetGrant is one revocation of a grant against a full memory: misses wait for it, hits do not.
func BenchmarkForgetGrant(b *testing.B) {
	m := newMemory(defaultCacheSize, func() time.Duration { return 0 })
	for i := range defaultCacheSize {
		m.live.put(entryNumber(i), 0)
	}
	message := &tokenv1.WatchRevocationsResponse{Revocations: []*tokenv1.Revocation{
		{Kind: tokenv1.RevocationKind_REVOCATION_KIND_GRANT, GrantId: []byte("another")},
	}}
	for b.Loop() {
		m.apply(message)
	}
}
