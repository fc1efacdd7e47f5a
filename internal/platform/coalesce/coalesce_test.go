package coalesce_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/coalesce"
)

// store answers keys below 100 with their double, and counts.
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

func loader(s *store) *coalesce.Loader[int, int] {
	return coalesce.New(coalesce.Config[int, int]{Load: s.load})
}

func TestWhoComesAloneIsAnsweredAtOnce(t *testing.T) {
	s := &store{}
	l := loader(s)
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

func TestALostReplyHoldsNobodyUp(t *testing.T) {
	s := &store{gate: make(chan struct{})}
	l := loader(s)
	lost := make(chan struct{})
	go func() {
		defer close(lost)
		_, _, _ = l.Get(t.Context(), 1)
	}()
	eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.batches) == 1 })
	s.mu.Lock()
	gate := s.gate
	s.gate = nil
	s.mu.Unlock()
	if v, _, err := l.Get(t.Context(), 2); v != 4 || err != nil {
		t.Errorf("got %d, %v while another batch hangs", v, err)
	}
	close(gate)
	<-lost
}

func TestWhatComesMeanwhileGoesTogether(t *testing.T) {
	s := &store{gate: make(chan struct{})}
	l := loader(s)
	var askers sync.WaitGroup
	ask := func(k int) {
		askers.Go(func() {
			if v, found, err := l.Get(t.Context(), k); v != 2*k || !found || err != nil {
				t.Errorf("%d: got %d, %v, %v", k, v, found, err)
			}
		})
	}
	ask(1)
	eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.batches) == 1 })
	for k := range 20 {
		ask(k)
		ask(k)
	}
	time.Sleep(50 * time.Millisecond) // lets them queue and the patience end
	close(s.gate)
	askers.Wait()
	keys := 0
	for _, batch := range s.batches {
		keys += len(batch)
	}
	if len(s.batches) > 10 || keys > 41 {
		t.Errorf("41 questions took %d batches with %d keys", len(s.batches), keys)
	}
}

func TestAFailureIsEverybodys(t *testing.T) {
	down := errors.New("down")
	l := loader(&store{err: down})
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
	s := &store{gate: make(chan struct{})}
	l := loader(s)
	var hanging sync.WaitGroup
	for k := range 4 { // as many batches as there may be
		hanging.Go(func() { _, _, _ = l.Get(t.Context(), k) })
		eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.batches) == k+1 })
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := l.Get(ctx, 50); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(s.gate)
	hanging.Wait()
	if _, _, err := l.Get(t.Context(), 5); err != nil {
		t.Error(err)
	}
	for _, batch := range s.batches {
		if slices.Contains(batch, 50) {
			t.Error("a question was asked whose asker had left")
		}
	}
}

func TestAnAskerMayLeave(t *testing.T) {
	s := &store{gate: make(chan struct{})}
	l := loader(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := l.Get(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(s.gate)
	if v, _, err := l.Get(t.Context(), 2); v != 4 || err != nil {
		t.Errorf("the next asker got %d, %v", v, err)
	}
}

func eventually(t *testing.T, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !check(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within 10 s")
		}
	}
}
