package pending_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

const (
	rounds = 50
	racers = 16
)

func TestOfConcurrentUsersTheLastIsBound(t *testing.T) {
	for range rounds {
		b := newBench(t)
		racetest.Run(racers, func(i int) {
			user := fmt.Sprintf("usr_%d", i)
			if err := b.Bind(t.Context(), b.id, b.browser, pending.Viewer{UserID: user, Epoch: int64(i)}); err != nil {
				t.Errorf("Bind: %v", err)
			}
		})
		found, err := b.Find(t.Context(), b.id, b.browser)
		if err != nil || fmt.Sprintf("usr_%d", found.Viewer.Epoch) != found.Viewer.UserID {
			t.Fatalf("the request is %v's, %v", found.Viewer, err)
		}
	}
}

func TestOneOfManyEpochsOfAUserIsBound(t *testing.T) {
	for range rounds {
		b := newBench(t)
		var bound atomic.Int64
		racetest.Run(racers, func(i int) {
			switch err := b.Bind(t.Context(), b.id, b.browser, pending.Viewer{UserID: "usr_john", Epoch: int64(i)}); {
			case err == nil:
				bound.Add(1)
			case !errors.Is(err, pending.ErrStale):
				t.Errorf("Bind: %v", err)
			}
		})
		if bound.Load() != 1 {
			t.Fatalf("%d epochs are bound, want 1", bound.Load())
		}
	}
}

func TestAllTabsOfOneScreenAreBound(t *testing.T) {
	for range rounds {
		b := newBench(t)
		racetest.Run(racers, func(int) {
			if err := b.Bind(t.Context(), b.id, b.browser, john()); err != nil {
				t.Errorf("Bind: %v", err)
			}
		})
	}
}

// The same on the all-in-one's store, which must be atomic too.
func TestFault_A1_OneOfManyDecidesAndAllSeeTheSame(t *testing.T) {
	for range rounds {
		b := newBench(t)
		memory := &pending.Store{
			Entries: shortlived.NewMemory(shortlived.MemoryOptions{Now: b.clock.Now}), Lifetime: lifetime, Kept: kept, Now: b.clock.Now,
		}
		id, err := memory.Open(t.Context(), b.browser, request())
		if err != nil {
			t.Fatal(err)
		}
		for name, store := range map[string]struct {
			*pending.Store
			id string
		}{"fake": {b.Store, b.id}, "memory": {memory, id}} {
			var deciders atomic.Int64
			seen := make([]pending.Outcome, racers)
			racetest.Run(racers, func(i int) {
				a, won, err := store.Close(t.Context(), store.id, b.browser, func(a *pending.Authorization) error {
					a.Outcome = &pending.Outcome{Approved: i%2 == 0, UserID: fmt.Sprintf("usr_%d", i)}
					return nil
				})
				if err != nil {
					t.Errorf("Close: %v", err)
					return
				}
				if won {
					deciders.Add(1)
				}
				seen[i] = *a.Outcome
			})
			for _, outcome := range seen {
				if outcome != seen[0] {
					t.Fatalf("%s: some see %v and some %v", name, seen[0], outcome)
				}
			}
			if deciders.Load() != 1 {
				t.Fatalf("%s: %d decided the request, want 1", name, deciders.Load())
			}
		}
	}
}

func TestOneOfManyCountsAFreshCode(t *testing.T) {
	for range rounds {
		b := newBench(t)
		if _, _, err := b.Close(t.Context(), b.id, b.browser, approve); err != nil {
			t.Fatal(err)
		}
		racetest.Run(racers, func(int) {
			a, err := b.Renew(t.Context(), b.id, b.browser, 1)
			if err != nil || a.Outcome.Attempt != 2 {
				t.Errorf("Renew: attempt %d, %v", a.Outcome.Attempt, err)
			}
		})
	}
}

func TestABindThatLosesARaceIsRetriedOnTheNewEntry(t *testing.T) {
	esther := pending.Viewer{UserID: "usr_esther", Epoch: 7}
	for name, row := range map[string]struct {
		winner pending.Viewer // zero: the request is closed instead
		want   error
		left   pending.Viewer
	}{
		"the same user":          {john(), nil, john()},
		"another user":           {esther, nil, john()},
		"another epoch":          {pending.Viewer{UserID: "usr_john", Epoch: 8}, pending.ErrStale, pending.Viewer{UserID: "usr_john", Epoch: 8}},
		"the request was closed": {pending.Viewer{}, pending.ErrDecided, pending.Viewer{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.entries.Before("CompareAndSet", func() {
				if row.winner.UserID == "" {
					_, _, err := b.Close(t.Context(), b.id, b.browser, approve)
					wantError(t, "the winner", err, nil)
					return
				}
				wantError(t, "the winner", b.Bind(t.Context(), b.id, b.browser, row.winner), nil)
			})
			wantError(t, "the loser", b.Bind(t.Context(), b.id, b.browser, john()), row.want)
			found, err := b.Look(t.Context(), b.id, b.browser)
			if err != nil || found.Viewer != row.left {
				t.Errorf("bound to %v, %v; want %v", found.Viewer, err, row.left)
			}
		})
	}
}

// A decision is validated against the viewer at the time when it is stored.
func TestADecisionIsValidatedAgainAfterAConcurrentBind(t *testing.T) {
	b := newBench(t)
	b.entries.Before("CompareAndSet", func() {
		wantError(t, "Bind", b.Bind(t.Context(), b.id, b.browser, john()), nil)
	})
	var viewers []pending.Viewer
	closed, won, err := b.Close(t.Context(), b.id, b.browser, func(a *pending.Authorization) error {
		viewers = append(viewers, a.Viewer)
		return approve(a)
	})
	if err != nil || !won || closed.Viewer != john() || len(viewers) != 2 || viewers[1] != john() {
		t.Errorf("closed %v, %v, %v; viewers %v", closed.Viewer, won, err, viewers)
	}
}
