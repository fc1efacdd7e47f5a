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

// store answers keys below 100 with their double, and remembers what was asked. Behind a gate it answers once that is open.
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

// shut makes batches from now on wait, until open.
func (s *store) shut() (open func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.gate = gate
	return func() { close(gate) }
}

// answering makes batches from now on go through; those that wait go on waiting.
func (s *store) answering() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = nil
}

func TestWhoComesAloneIsAnsweredAtOnce(t *testing.T) {
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
		t.Errorf("%d questions were asked, want each anew: 4", len(s.batches))
	}
}

// TestALostReplyHoldsNobodyUp, whether they come with the one that is lost, soon after, or much later.
func TestALostReplyHoldsNobodyUp(t *testing.T) {
	for _, after := range []time.Duration{0, time.Millisecond, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := &store{}
			open := s.shut()
			l := coalesce.New(s.load)
			go func() { _, _, _ = l.Get(t.Context(), 1) }()
			synctest.Wait()
			s.answering()
			time.Sleep(after)
			begun := time.Now()
			if v, _, err := l.Get(t.Context(), 2); v != 4 || err != nil {
				t.Errorf("got %d, %v while another batch hangs", v, err)
			}
			if waited := time.Since(begun); waited > 5*time.Millisecond {
				t.Errorf("who comes %s after a lost reply waits %s", after, waited)
			}
			open()
		})
	}
}

func TestWhatComesMeanwhileGoesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		open := s.shut()
		l := coalesce.New(s.load)
		ask := func(k int) {
			go func() {
				if v, found, err := l.Get(t.Context(), k); v != 2*k || !found || err != nil {
					t.Errorf("%d: got %d, %v, %v", k, v, found, err)
				}
			}()
		}
		ask(1)
		synctest.Wait()
		for k := range 20 {
			ask(k)
			ask(k)
		}
		synctest.Wait() // no time has passed: nobody has lost patience
		open()
		synctest.Wait()
		if len(s.batches) != 2 || len(s.batches[1]) != 20 {
			t.Errorf("41 questions went as %v, want one, then twenty together", s.batches)
		}
	})
}

func TestAFailureIsEverybodys(t *testing.T) {
	down := errors.New("down")
	l := coalesce.New((&store{err: down}).load)
	var askers sync.WaitGroup
	for k := range 20 {
		askers.Go(func() {
			if _, _, err := l.Get(t.Context(), k); !errors.Is(err, down) {
				t.Errorf("%d: %v", k, err)
			}
		})
	}
	askers.Wait()
}

// TestWhoLeftIsNotAskedFor: a question may change something, and its asker was told that nothing happened.
func TestWhoLeftIsNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		open := s.shut()
		l := coalesce.New(s.load)
		for k := range 4 { // as many batches as there may be
			go func() { _, _, _ = l.Get(t.Context(), k) }()
			time.Sleep(time.Second)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := l.Get(ctx, 50); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		open()
		s.answering()
		if v, _, err := l.Get(t.Context(), 5); v != 10 || err != nil {
			t.Errorf("the next asker got %d, %v", v, err)
		}
		synctest.Wait()
		for _, batch := range s.batches {
			if slices.Contains(batch, 50) {
				t.Error("a question was asked whose asker had left")
			}
		}
	})
}
