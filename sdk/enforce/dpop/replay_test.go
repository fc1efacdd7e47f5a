package dpop_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// proof is a proof with a key of its own.
func proof(n byte) dpop.Proof {
	return dpop.Proof{Thumbprint: fmt.Sprintf("%-43d", n), ID: [sha256.Size]byte{n}}
}

func TestRFC9449_11_1_AProofIsRecordedForAsLongAsItIsAccepted(t *testing.T) {
	at := now
	m := dpop.NewMemory(10, func() time.Time { return at })
	use := func(n byte) bool {
		t.Helper()
		first, err := m.Use(t.Context(), proof(n))
		if err != nil {
			t.Fatal(err)
		}
		return first
	}
	if !use(1) || use(1) {
		t.Error("a proof is not used once")
	}
	at = at.Add(dpop.Lifetime - time.Nanosecond)
	if use(1) || !use(2) {
		t.Error("a proof is used again at the end of its window")
	}
	at = at.Add(dpop.Lifetime - time.Nanosecond)
	if use(2) {
		t.Error("a proof is used again in the window after the next")
	}
	at = at.Add(-time.Hour) // the clock is set back: nothing is dropped for that
	if use(2) {
		t.Error("a proof is used again after the clock was set back")
	}
	at = at.Add(3 * time.Hour)
	if !use(1) {
		t.Error("a proof is recorded for hours")
	}
}

// TestN13_6_AFullRecordRefuses: without a record a proof could be used twice.
func TestN13_6_AFullRecordRefuses(t *testing.T) {
	m := dpop.NewMemory(1, func() time.Time { return now })
	if first, err := m.Use(t.Context(), proof(1)); !first || err != nil {
		t.Fatal(first, err)
	}
	if first, err := m.Use(t.Context(), proof(2)); first || !errors.Is(err, dpop.ErrFull) {
		t.Errorf("%v, %v, want that it is full", first, err)
	}
}

// TestN13_6_AKeyLeavesRoomForOthers: the holder of one token sent 4,400 proofs a second, and every other
// bound token was refused.
func TestN13_6_AKeyLeavesRoomForOthers(t *testing.T) {
	const capacity = 320
	at := now
	m := dpop.NewMemory(capacity, func() time.Time { return at })
	sent := 0
	accepted := func(key string) int {
		t.Helper()
		for n := range 2 * capacity {
			sent++
			id := sha256.Sum256(fmt.Append(nil, sent))
			switch first, err := m.Use(t.Context(), dpop.Proof{Thumbprint: key + strings.Repeat("x", 42), ID: id}); {
			case errors.Is(err, dpop.ErrFull):
				return n
			case err != nil || !first:
				t.Fatal(first, err)
			}
		}
		return 2 * capacity
	}
	if n := accepted("a"); n != capacity/2 {
		t.Errorf("a key alone has %d of %d", n, capacity)
	}
	at = at.Add(dpop.Lifetime) // those of the Lifetime before count too
	if n := accepted("a"); n != 0 {
		t.Errorf("the key has %d more", n)
	}
	for _, key := range []string{"b", "c", "d", "e", "f", "g", "h", "i"} {
		if n := accepted(key); n != capacity/16 {
			t.Errorf("%s, another key, has %d of %d", key, n, capacity)
		}
	}
	if n := accepted("j"); n != 0 {
		t.Errorf("%d more than the capacity", n)
	}
	at = at.Add(dpop.Lifetime)
	if n := accepted("a"); n != capacity/16 {
		t.Errorf("beside the eight others the first key has %d", n)
	}
}

func TestOfConcurrentUsesOneIsTheFirst(t *testing.T) {
	m := dpop.NewMemory(dpop.DefaultCapacity, nil)
	var first atomic.Int64
	var uses sync.WaitGroup
	for range 50 {
		uses.Go(func() {
			if ok, err := m.Use(t.Context(), proof(7)); ok && err == nil {
				first.Add(1)
			}
		})
	}
	uses.Wait()
	if first.Load() != 1 {
		t.Errorf("%d uses are the first", first.Load())
	}
}
