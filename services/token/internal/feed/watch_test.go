package feed_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/services/token/internal/feed"
)

// watch follows from a cursor; -1 is from this moment.
func (b bench) watch(t *testing.T, from int64) *feed.Watcher {
	t.Helper()
	requested := &from
	if from < 0 {
		requested = nil
	}
	w, err := b.Watch(t.Context(), requested)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// next returns the next batch, and how long it took.
func next(t *testing.T, w *feed.Watcher) (feed.Batch, time.Duration) {
	t.Helper()
	startedAt := time.Now()
	batch, err := w.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return batch, time.Since(startedAt)
}

func TestAWatcherIsToldAtOnceThenWhatEndsThenHeartbeats(t *testing.T) {
	follow(t, 3, func(t *testing.T, b bench) {
		w := b.watch(t, -1)
		if batch, took := next(t, w); took != 0 || batch.Cursor != 3 || batch.Reset || len(batch.Entries) != 0 {
			t.Errorf("first %+v after %s, want the cursor at once", batch, took)
		}
		if batch, took := next(t, w); took != heartbeat || batch.Cursor != 3 || len(batch.Entries) != 0 {
			t.Errorf("then %+v after %s, want a heartbeat", batch, took)
		}
		b.log.append(2)
		batch, took := next(t, w)
		if took > 20*time.Millisecond || batch.Cursor != 5 || len(batch.Entries) != 2 || batch.Entries[0].Cursor != 4 {
			t.Errorf("then %+v after %s, want two entries within 20 ms", batch, took)
		}
	})
}

// TestAWatcherGoesOnWhereItStopped: from the ring, from the store, and where neither has what is
// missing, with a reset.
func TestAWatcherGoesOnWhereItStopped(t *testing.T) {
	follow(t, 100, func(t *testing.T, b bench) {
		b.log.append(5000)
		pass(time.Second)
		b.log.trim(50)
		for _, row := range []struct {
			from  int64
			reset bool
		}{{5100, false}, {5099, false}, {4000, false}, {100, false}, {50, false}, {49, true}, {0, true}, {5101, true}, {1 << 40, true}} {
			w := b.watch(t, row.from)
			received := row.from
			for first := true; received != 5100; first = false {
				batch, _ := next(t, w)
				if batch.Reset != (first && row.reset) {
					t.Fatalf("from %d: reset is %v", row.from, batch.Reset)
				}
				if batch.Reset {
					received = batch.Cursor
				}
				for _, e := range batch.Entries {
					if received++; e.Cursor != received {
						t.Fatalf("from %d: told %d, want %d", row.from, e.Cursor, received)
					}
				}
				if batch.Cursor != received {
					t.Fatalf("from %d: at %d although %d was told", row.from, batch.Cursor, received)
				}
			}
		}
	})
}

// TestACursorOfAReplicaThatKnowsMoreIsNoReset: the watcher changed replicas between two readings of
// this one.
func TestACursorOfAReplicaThatKnowsMoreIsNoReset(t *testing.T) {
	follow(t, 3, func(t *testing.T, b bench) {
		b.watch(t, -1) // reads often
		pass(time.Millisecond)
		b.log.append(2)
		w := b.watch(t, 4)
		if batch, _ := next(t, w); batch.Reset || batch.Cursor != 4 {
			t.Errorf("%+v, want to go on behind 4", batch)
		}
		if batch, took := next(t, w); len(batch.Entries) != 1 || batch.Cursor != 5 || took > 20*time.Millisecond {
			t.Errorf("%+v after %s, want entry 5", batch, took)
		}
	})
}

func TestAWatcherThatComesSeldomHoldsUpNobodyAndMissesNothing(t *testing.T) {
	follow(t, 0, func(t *testing.T, b bench) {
		slow, quick := b.watch(t, -1), b.watch(t, -1)
		next(t, slow)
		next(t, quick)
		for n := range int64(100) {
			b.log.append(50)
			if batch, took := next(t, quick); batch.Cursor != 50*(n+1) || took > 20*time.Millisecond {
				t.Fatalf("%d after %s, want %d", batch.Cursor, took, 50*(n+1))
			}
		}
		var received int
		for received < 5000 {
			batch, took := next(t, slow)
			if took != 0 || batch.Reset {
				t.Fatalf("waited %s, reset %v after %d entries", took, batch.Reset, received)
			}
			received += len(batch.Entries)
		}
	})
}

func TestNoHeartbeatIsGivenByWhoDoesNotKnow(t *testing.T) {
	follow(t, 0, func(t *testing.T, b bench) {
		w := b.watch(t, -1)
		next(t, w)
		b.log.fail(errDown)
		if batch, err := w.Next(t.Context()); !errors.Is(err, feed.ErrBehind) {
			t.Errorf("%+v, %v although the log cannot be read", batch, err)
		}
		if _, err := b.Watch(t.Context(), nil); !errors.Is(err, feed.ErrBehind) || !errors.Is(err, errDown) {
			t.Errorf("Watch: %v, want that and why", err)
		}
		b.log.fail(nil)
		next(t, b.watch(t, -1))
	})
}

func TestARestoredLogResetsItsWatchers(t *testing.T) {
	follow(t, 5, func(t *testing.T, b bench) {
		w := b.watch(t, -1)
		next(t, w)
		b.log.fail(errDown)
		pass(200 * time.Millisecond)
		b.log.restore(2)
		b.log.fail(nil)
		if batch, _ := next(t, w); !batch.Reset || batch.Cursor <= 5 {
			t.Errorf("%+v, want a reset to a cursor that was not used before", batch)
		}
	})
}

func TestWatchersEndWithTheFeedAndWithTheirCaller(t *testing.T) {
	follow(t, 0, func(t *testing.T, b bench) {
		ctx, leave := context.WithCancel(t.Context())
		ends := make(chan error, 2)
		for _, ctx := range []context.Context{ctx, t.Context()} {
			w := b.watch(t, -1)
			next(t, w)
			go func() {
				_, err := w.Next(ctx)
				ends <- err
			}()
		}
		synctest.Wait()
		leave()
		if err := <-ends; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want the caller's end", err)
		}
		b.stop()
		if err := <-ends; !errors.Is(err, feed.ErrStopped) {
			t.Errorf("%v, want the feed's end", err)
		}
	})
}
