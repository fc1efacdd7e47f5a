package feed_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/internal/platform/lease"
	"github.com/vidocu/usher/services/token/internal/feed"
)

func TestMemoryIsTrustedWhileTheLogIsRead(t *testing.T) {
	follow(t, 3, func(t *testing.T, b bench) {
		for range 1000 {
			if !b.trusted(3) {
				t.Fatal("not trusted although the log is read")
			}
			if b.trusted(4) {
				t.Fatal("trusted to know an entry that was never read")
			}
			pass(7 * time.Millisecond)
		}
		b.log.append(1)
		pass(25 * time.Millisecond)
		if !b.trusted(4) {
			t.Error("an entry is not known after 25 ms")
		}
	})
}

func TestAFollowerThatCannotReadStopsTrustingWithinTheLease(t *testing.T) {
	for name, breaks := range map[string]func(l *memoryLog){
		"an outage":            func(l *memoryLog) { l.fail(errDown) },
		"an answer that hangs": func(l *memoryLog) { l.block(make(chan struct{})) },
	} {
		follow(t, 0, func(t *testing.T, b bench) {
			b.trusted(0)
			pass(30 * time.Millisecond)
			breaks(b.log)
			b.log.append(1) // another replica revokes
			pass(lease.Wait)
			if b.trusted(0) {
				t.Errorf("%s: trusted a lease after the revocation", name)
			}
			b.log.fail(nil)
			b.log.block(nil)
			for range 100 {
				b.trusted(0) // requests keep coming
				pass(50 * time.Millisecond)
			}
			if !b.trusted(1) {
				t.Errorf("%s: not trusted after it was over", name)
			}
		})
	}
}

// TestAReadingThatBeganBeforeARevocationDoesNotSpeakForIt: a poll from before the revocation does
// not renew the lease, however late it returns.
func TestAReadingThatBeganBeforeARevocationDoesNotSpeakForIt(t *testing.T) {
	follow(t, 0, func(t *testing.T, b bench) {
		b.trusted(0)
		gate := make(chan struct{})
		b.log.block(gate)
		pass(25 * time.Millisecond) // a reading has begun and has seen nothing
		b.log.append(1)
		if err := b.WaitForReplicas(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if b.trusted(0) {
			t.Fatal("trusted right after a revocation of our own")
		}
		second := make(chan struct{})
		b.log.block(second)
		close(gate)
		synctest.Wait()
		if b.trusted(0) {
			t.Error("a reading from before the revocation brought the trust back")
		}
		close(second)
		synctest.Wait()
		if !b.trusted(1) {
			t.Error("the next reading did not bring it back")
		}
	}, func(o *feed.Options) { o.SingleReplica = true })
}

func TestSettleWaitsForTheLeaseAndNoLonger(t *testing.T) {
	settle := func(ctx context.Context, b bench) (time.Duration, error) {
		startedAt := time.Now()
		err := b.WaitForReplicas(ctx, true)
		return time.Since(startedAt), err
	}
	follow(t, 0, func(t *testing.T, b bench) {
		if took, err := settle(t.Context(), b); took != lease.Wait || err != nil {
			t.Errorf("took %s, %v: want the lease", took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if took, err := settle(ctx, b); took != time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("took %s, %v: want the end of the caller's patience", took, err)
		}
	})
	follow(t, 0, func(t *testing.T, b bench) {
		if took, err := settle(t.Context(), b); took != 0 || err != nil {
			t.Errorf("took %s, %v although there is no other replica", took, err)
		}
	}, func(o *feed.Options) { o.SingleReplica = true })
}

func TestWhoEndedNothingWaitsAndCostsNobodyTheirMemory(t *testing.T) {
	follow(t, 0, func(t *testing.T, b bench) {
		b.trusted(0)
		startedAt := time.Now()
		if err := b.WaitForReplicas(t.Context(), false); err != nil || time.Since(startedAt) != lease.Wait {
			t.Errorf("waited %s, %v: want the lease", time.Since(startedAt), err)
		}
	})
	follow(t, 0, func(t *testing.T, b bench) {
		b.trusted(0)
		pass(25 * time.Millisecond)
		gate := make(chan struct{})
		b.log.block(gate) // no poll returns from now on
		if err := b.WaitForReplicas(t.Context(), false); err != nil || !b.trusted(0) {
			t.Errorf("%v; memory is trusted: %t", err, b.trusted(0))
		}
		if err := b.WaitForReplicas(t.Context(), true); err != nil || b.trusted(0) {
			t.Errorf("%v; memory is trusted after an end: %t", err, b.trusted(0))
		}
		close(gate)
	}, func(o *feed.Options) { o.SingleReplica = true })
}

func TestNothingIsTrustedBeforeTheFirstReading(t *testing.T) {
	f := feed.New(feed.Options{Log: &memoryLog{}})
	if m := f.Snapshot(0); m.Trusted || m.Applied >= 0 {
		t.Errorf("%+v before the feed runs", m)
	}
}

func TestALogThatNobodyNeedsIsReadSeldom(t *testing.T) {
	follow(t, 0, func(t *testing.T, b bench) {
		pass(10 * time.Second)
		b.log.taken()
		pass(10 * time.Second)
		if reads := b.log.taken(); reads > 20 {
			t.Errorf("%d polls in 10 s without a request", reads)
		}
		b.trusted(0)
		synctest.Wait()
		if !b.trusted(0) {
			t.Error("the second request does not use the cache")
		}
		b.log.taken()
		pass(500 * time.Millisecond)
		if reads := b.log.taken(); reads < 20 {
			t.Errorf("%d readings in half a second after a question", reads)
		}
	})
}

func TestALogThatWentOnWithoutUsIsForgotten(t *testing.T) {
	for name, change := range map[string]func(l *memoryLog){
		"trimmed":  func(l *memoryLog) { l.append(10); l.trim(12) },
		"emptied":  func(l *memoryLog) { l.append(10); l.trim(15) },
		"restored": func(l *memoryLog) { l.restore(2) },
	} {
		follow(t, 5, func(t *testing.T, b bench) {
			_, before, _ := b.ear.applied()
			b.log.fail(errDown)
			pass(time.Second)
			change(b.log)
			b.log.fail(nil)
			pass(time.Second)
			if _, resets, _ := b.ear.applied(); resets != before+1 {
				t.Errorf("%s: forgot %d times, want once", name, resets-before)
			}
			b.log.append(1)
			b.trusted(0)
			pass(25 * time.Millisecond)
			if applied, _, cursor := b.ear.applied(); applied == 0 || cursor != b.log.head {
				t.Errorf("%s: heard %d entries up to %d, the log is at %d", name, applied, cursor, b.log.head)
			}
		})
	}
}
