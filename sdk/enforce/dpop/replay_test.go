package dpop_test

import (
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

func id(n byte) [sha256.Size]byte { return [sha256.Size]byte{n} }

func TestRFC9449_11_1_AProofIsRecordedForAsLongAsItIsAccepted(t *testing.T) {
	at := now
	m := dpop.NewMemory(10, func() time.Time { return at })
	use := func(n byte) bool {
		t.Helper()
		first, err := m.Use(t.Context(), id(n))
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
	if first, err := m.Use(t.Context(), id(1)); !first || err != nil {
		t.Fatal(first, err)
	}
	if first, err := m.Use(t.Context(), id(2)); first || !errors.Is(err, dpop.ErrFull) {
		t.Errorf("%v, %v, want that it is full", first, err)
	}
}

func TestOfConcurrentUsesOneIsTheFirst(t *testing.T) {
	m := dpop.NewMemory(dpop.DefaultCapacity, nil)
	var first atomic.Int64
	var uses sync.WaitGroup
	for range 50 {
		uses.Go(func() {
			if ok, err := m.Use(t.Context(), id(7)); ok && err == nil {
				first.Add(1)
			}
		})
	}
	uses.Wait()
	if first.Load() != 1 {
		t.Errorf("%d uses are the first", first.Load())
	}
}
