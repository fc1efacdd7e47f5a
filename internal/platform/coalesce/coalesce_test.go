package coalesce_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/internal/platform/coalesce"
)

// store returns the double of keys below 100, and records the batches. While it has a gate it
// blocks until the gate opens.
type store struct {
	mu      sync.Mutex
	batches [][]int
	gate    chan struct{}
	err     error
}

func (s *store) load(_ context.Context, keys []int) (map[int]int, error) {
	s.mu.Lock()
	s.batches = append(s.batches, keys)
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	values := map[int]int{}
	for _, k := range keys {
		if k < 100 {
			values[k] = 2 * k
		}
	}
	return values, s.err
}

// shut blocks later batches until open is called.
func (s *store) shut() (open func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.gate = gate
	return func() { close(gate) }
}

// unblocked lets later batches pass; those that wait keep waiting.
func (s *store) unblocked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = nil
}

func TestALookupWithoutConcurrentOnesIsSentAtOnce(t *testing.T) {
	s := &store{}
	l := coalesce.New(s.load)
	for range 3 {
		if v, found, err := l.Get(t.Context(), 4); v != 8 || !found || err != nil {
			t.Errorf("got %d, %v, %v", v, found, err)
		}
	}
	if _, found, err := l.Get(t.Context(), 100); found || err != nil {
		t.Errorf("an unknown key: %v, %v", found, err)
	}
	if len(s.batches) != 4 {
		t.Errorf("%d batches were sent, want one for each lookup: 4", len(s.batches))
	}
}

// TestALostReplyBlocksNoOtherLookup, whether they come with the one that is lost, soon after, or
// much later.
func TestALostReplyBlocksNoOtherLookup(t *testing.T) {
	for _, after := range []time.Duration{0, time.Millisecond, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := &store{}
			open := s.shut()
			l := coalesce.New(s.load)
			go func() { _, _, _ = l.Get(t.Context(), 1) }()
			synctest.Wait()
			s.unblocked()
			time.Sleep(after)
			begun := time.Now()
			if v, _, err := l.Get(t.Context(), 2); v != 4 || err != nil {
				t.Errorf("got %d, %v while another batch hangs", v, err)
			}
			if waited := time.Since(begun); waited > 5*time.Millisecond {
				t.Errorf("a lookup %s after a lost reply waits %s", after, waited)
			}
			open()
		})
	}
}

func TestConcurrentLookupsAreBatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		open := s.shut()
		l := coalesce.New(s.load)
		get := func(k int) {
			go func() {
				if v, found, err := l.Get(t.Context(), k); v != 2*k || !found || err != nil {
					t.Errorf("%d: got %d, %v, %v", k, v, found, err)
				}
			}()
		}
		get(1)
		synctest.Wait()
		for k := range 20 {
			get(k)
			get(k)
		}
		synctest.Wait() // no time has passed: patience has not ended
		open()
		synctest.Wait()
		if len(s.batches) != 2 || len(s.batches[1]) != 20 {
			t.Errorf("41 lookups went as %v, want one, then twenty together", s.batches)
		}
	})
}

func TestAnErrorIsReturnedToEveryCaller(t *testing.T) {
	down := errors.New("down")
	l := coalesce.New((&store{err: down}).load)
	var callers sync.WaitGroup
	for k := range 20 {
		callers.Go(func() {
			if _, _, err := l.Get(t.Context(), k); !errors.Is(err, down) {
				t.Errorf("%d: %v", k, err)
			}
		})
	}
	callers.Wait()
}

// TestACancelledLookupIsNotSent: a lookup may change something, and its caller got an error that
// says nothing happened.
func TestACancelledLookupIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		open := s.shut()
		l := coalesce.New(s.load)
		for k := range 4 { // the maximum number of batches
			go func() { _, _, _ = l.Get(t.Context(), k) }()
			time.Sleep(time.Second)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := l.Get(ctx, 50); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		open()
		s.unblocked()
		if v, _, err := l.Get(t.Context(), 5); v != 10 || err != nil {
			t.Errorf("the next caller got %d, %v", v, err)
		}
		synctest.Wait()
		for _, batch := range s.batches {
			if slices.Contains(batch, 50) {
				t.Error("a lookup was sent after its caller had given up")
			}
		}
	})
}
