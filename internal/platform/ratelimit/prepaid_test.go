package ratelimit_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/shortlived"
)

// counting counts how often the store is asked.
type counting struct {
	ratelimit.Entries

	asked atomic.Int64
}

func (c *counting) Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error) {
	c.asked.Add(1)
	return c.Entries.Spend(ctx, key, limit, window)
}

func TestAPrepaidBudgetIsWholeAndSeldomAskedFor(t *testing.T) {
	now := stopped()
	entries := &counting{Entries: shortlived.NewMemory(shortlived.MemoryOptions{Now: func() time.Time { return now }})}
	l := limiter(entries)
	l.Now = func() time.Time { return now }
	p := ratelimit.NewPrepaid(l)
	budget, name := ratelimit.Budget{Limit: 300, Window: time.Hour}, ratelimit.Source("192.0.2.1")
	for round := range 2 {
		var allowed atomic.Int64
		var racing sync.WaitGroup
		for range 20 {
			racing.Go(func() {
				for range 20 {
					switch err := p.Spend(t.Context(), budget, name); {
					case err == nil:
						allowed.Add(1)
					case !ratelimit.Limited(err):
						t.Error(err)
					}
				}
			})
		}
		racing.Wait()
		if allowed.Load() != 300 {
			t.Errorf("window %d: %d of 300 are allowed", round, allowed.Load())
		}
		now = now.Add(time.Hour)
	}
	entries.asked.Store(0)
	for range 100 {
		if err := p.Spend(t.Context(), budget, name); err != nil {
			t.Fatal(err)
		}
	}
	if asked := entries.asked.Load(); asked != 10 {
		t.Errorf("the store is asked %d times for 100 requests, want 10", asked)
	}
}

func TestASmallPrepaidBudgetIsCountedOneByOne(t *testing.T) {
	p := ratelimit.NewPrepaid(limiter(shortlived.NewMemory(shortlived.MemoryOptions{Now: stopped})))
	other := ratelimit.NewPrepaid(limiter(shortlived.NewMemory(shortlived.MemoryOptions{Now: stopped})))
	for i := range 4 {
		err := p.Spend(t.Context(), ratelimit.Budget{Limit: 3, Window: time.Hour}, ratelimit.Source("192.0.2.1"))
		if (i < 3) != (err == nil) {
			t.Errorf("request %d: %v", i+1, err)
		}
		if err := other.Spend(t.Context(), ratelimit.Budget{Window: time.Hour}, ratelimit.Source("192.0.2.1")); err != nil {
			t.Errorf("without a bound: %v", err)
		}
	}
}
