package sqldb

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestAShortOutageIsWaitedOutByAllAndAskedByOne, in fake time.
func TestAShortOutageIsWaitedOutByAllAndAskedByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outage
		var knocks atomic.Int64
		begun := time.Now()
		knock := func(context.Context) bool {
			knocks.Add(1)
			return time.Since(begun) < time.Second
		}
		var waiting sync.WaitGroup
		for range 100 {
			waiting.Go(func() {
				if !o.wait(t.Context(), knock) || time.Since(begun) > time.Second+knockEvery {
					t.Errorf("gave up, or waited %s for a server that was back after 1s", time.Since(begun))
				}
			})
		}
		waiting.Wait()
		if n := knocks.Load(); n > int64(time.Second/knockEvery)+2 {
			t.Errorf("a hundred callers knocked %d times in a second", n)
		}
	})
}

// TestOfALongOutageCallersHearAtOnce, once patience has ended, until the server has been back.
func TestOfALongOutageCallersHearAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outage
		gone := func(context.Context) bool { return true }
		begun := time.Now()
		for o.wait(t.Context(), gone) { // a caller that retries and fails again
		}
		if took := time.Since(begun); took != patience {
			t.Errorf("waited %s, want %s", took, patience)
		}
		begun = time.Now()
		if o.wait(t.Context(), gone) || time.Since(begun) != 0 {
			t.Error("waited although the outage is a long one")
		}
		o.end()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if o.wait(ctx, gone) || time.Since(begun) != time.Second {
			t.Error("a caller's own time does not end its waiting in the next outage")
		}
		time.Sleep(patience) // fake time: the goroutine that polls ends too
	})
}
