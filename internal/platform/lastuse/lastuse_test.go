package lastuse_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/internal/platform/lastuse"
)

// flushEvery is how long a use may wait.
const flushEvery = 5 * time.Second

// writes is a store that records its calls.
type writes struct {
	mu   sync.Mutex
	list []string
	down error
	// hold, if not nil, keeps every write waiting until it is closed.
	hold chan struct{}
}

func (w *writes) Touch(ctx context.Context, family []byte) error {
	w.mu.Lock()
	hold := w.hold
	w.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, string(family))
	return w.down
}

func (w *writes) set(change func(*writes)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// take returns what was written since the last take, sorted.
func (w *writes) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	w.list = nil
	slices.Sort(list)
	return list
}

func (w *writes) wrote(t *testing.T, want ...string) {
	t.Helper()
	if got := w.take(); !slices.Equal(got, want) {
		t.Errorf("wrote %v, want %v", got, want)
	}
}

// running is a recorder at work inside a bubble, whose time is its own. A bubble fails when a
// goroutine outlives it.
type running struct {
	*lastuse.Recorder
	*writes
	log bytes.Buffer
	end func() error
}

// bubble runs a recorder. end stops it and returns the error of Run.
func bubble(t *testing.T, test func(t *testing.T, r *running)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &running{writes: &writes{}}
		r.Recorder = lastuse.New(r.Touch, slog.New(slog.NewTextHandler(&r.log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		r.end = sync.OnceValue(func() error {
			cancel()
			return <-done
		})
		test(t, r)
		if err := r.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// wait lets a flush happen.
func wait() {
	time.Sleep(flushEvery)
	synctest.Wait()
}

func TestUsesOfOneFamilyAreOneWrite(t *testing.T) {
	bubble(t, func(t *testing.T, r *running) {
		for range 100 {
			r.Used([]byte("one"))
			r.Used([]byte("two"))
		}
		time.Sleep(flushEvery - time.Millisecond)
		synctest.Wait()
		r.wrote(t)
		wait()
		r.wrote(t, "one", "two")
		wait()
		r.wrote(t)
		r.Used([]byte("one"))
		wait()
		r.wrote(t, "one")
	})
}

func TestTheCallersBytesAreItsOwn(t *testing.T) {
	bubble(t, func(t *testing.T, r *running) {
		family := []byte("one")
		r.Used(family)
		copy(family, "xxx")
		wait()
		r.wrote(t, "one")
	})
}

func TestWhatWaitsIsBounded(t *testing.T) {
	const bound = 10_000
	bubble(t, func(t *testing.T, r *running) {
		for i := range bound + 500 {
			r.Used(fmt.Appendf(nil, "family %d", i))
		}
		wait()
		if n := len(r.take()); n != bound {
			t.Errorf("%d writes, want %d", n, bound)
		}
		// A dropped use is recorded with the next use.
		r.Used(fmt.Appendf(nil, "family %d", bound))
		wait()
		r.wrote(t, fmt.Sprintf("family %d", bound))
	})
}

func TestAUseNeverWaitsForTheStore(t *testing.T) {
	bubble(t, func(t *testing.T, r *running) {
		hold := make(chan struct{})
		r.set(func(w *writes) { w.hold = hold })
		r.Used([]byte("one"))
		wait() // the flush hangs in the store now
		startedAt := time.Now()
		r.Used([]byte("two"))
		if waited := time.Since(startedAt); waited != 0 {
			t.Errorf("a use waited %s", waited)
		}
		close(hold)
		wait()
		r.wrote(t, "one", "two")
	})
}

func TestAnOutageIsLoggedAndNotFatal(t *testing.T) {
	bubble(t, func(t *testing.T, r *running) {
		r.set(func(w *writes) { w.down = errors.New("connection refused") })
		r.Used([]byte("a-family"))
		r.Used([]byte("b-family"))
		r.Used([]byte("c-family"))
		wait()
		// An unavailable store is called once, not once per family.
		if n := len(r.take()); n != 1 {
			t.Errorf("%d writes to a store that is down, want 1", n)
		}
		line := r.log.String()
		if strings.Count(line, "\n") != 1 || !strings.Contains(line, "level=WARN") ||
			!strings.Contains(line, "waiting=3") || !strings.Contains(line, "connection refused") {
			t.Errorf("logged %q, want one warning with the count and the cause", line)
		}
		if strings.Contains(line, "-family") {
			t.Errorf("logged %q, which names a family", line)
		}
		r.set(func(w *writes) { w.down = nil })
		r.Used([]byte("a-family"))
		wait()
		r.wrote(t, "a-family")
	})
}

func TestTheEndWritesWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, r *running) {
		r.Used([]byte("one"))
		if err := r.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
		r.wrote(t, "one")
	})
}

func TestTheEndIsNotHeldUpByAStoreThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T, r *running) {
		r.set(func(w *writes) { w.hold = make(chan struct{}) })
		r.Used([]byte("one"))
		startedAt := time.Now()
		if err := r.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(startedAt); took > time.Second {
			t.Errorf("the end took %s", took)
		}
	})
}

func TestManyMayUseAndFlushAtOnce(t *testing.T) {
	w := &writes{}
	r := lastuse.New(w.Touch, slog.New(slog.DiscardHandler))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				r.Used(fmt.Appendf(nil, "%d/%d", i, j))
				if j%10 == 0 {
					r.Flush(t.Context())
				}
			}
		})
	}
	all.Wait()
	r.Flush(t.Context())
	if n := len(w.take()); n != 800 {
		t.Errorf("%d writes, want each of 800 families once", n)
	}
}

func TestACountThatCannotBeWrittenIsKept(t *testing.T) {
	var total int64
	failing := errors.New("connection refused")
	r := lastuse.NewCounter(func(_ context.Context, _ []byte, uses int64) error {
		if failing == nil {
			total += uses
		}
		return failing
	}, slog.New(slog.DiscardHandler))
	for range 3 {
		r.Used([]byte("one"))
	}
	r.Used([]byte("two"))
	r.Flush(t.Context())
	failing = nil
	r.Used([]byte("one"))
	r.Flush(t.Context())
	r.Flush(t.Context())
	if total != 5 {
		t.Errorf("counted %d uses, want 5", total)
	}
}
