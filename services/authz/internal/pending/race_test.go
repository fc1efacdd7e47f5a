package pending_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

const (
	rounds = 50
	racers = 16
)

func TestOneOfManyPeopleIsBound(t *testing.T) {
	for range rounds {
		b := newBench(t)
		var bound atomic.Int64
		var winner atomic.Value
		authztest.Race(racers, func(i int) {
			user := fmt.Sprintf("usr_%d", i)
			switch err := b.Bind(t.Context(), b.id, b.browser, pending.Viewer{UserID: user, Epoch: int64(i)}); {
			case err == nil:
				bound.Add(1)
				winner.Store(user)
			case !errors.Is(err, pending.ErrNotFound):
				t.Errorf("Bind: %v", err)
			}
		})
		found, err := b.Find(t.Context(), b.id, b.browser)
		if err != nil {
			t.Fatal(err)
		}
		if bound.Load() != 1 || found.Viewer.UserID != winner.Load() || fmt.Sprintf("usr_%d", found.Viewer.Epoch) != found.Viewer.UserID {
			t.Fatalf("%d were told that they are bound, the last of them %v; the request is %v's", bound.Load(), winner.Load(), found.Viewer)
		}
	}
}

func TestOneOfManyEpochsOfAPersonIsBound(t *testing.T) {
	for range rounds {
		b := newBench(t)
		var bound atomic.Int64
		authztest.Race(racers, func(i int) {
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
		authztest.Race(racers, func(int) {
			if err := b.Bind(t.Context(), b.id, b.browser, john()); err != nil {
				t.Errorf("Bind: %v", err)
			}
		})
	}
}

// The same on the store of the all-in-one, whose atomicity is part of the promise.
func TestOneOfManyClosesARequest(t *testing.T) {
	for range rounds {
		b := newBench(t)
		memory := pending.New(pending.Config{
			Entries: shortlived.NewMemory(shortlived.MemoryOptions{Now: b.clock.Now}), Lifetime: lifetime, Now: b.clock.Now,
		})
		id, err := memory.Open(t.Context(), b.browser, request())
		if err != nil {
			t.Fatal(err)
		}
		for name, book := range map[string]struct {
			*pending.Book
			id string
		}{"fake": {b.Book, b.id}, "memory": {memory, id}} {
			var closed atomic.Int64
			authztest.Race(racers, func(int) {
				switch _, err := book.Close(t.Context(), book.id, b.browser); {
				case err == nil:
					closed.Add(1)
				case !errors.Is(err, pending.ErrNotFound):
					t.Errorf("Close: %v", err)
				}
			})
			if closed.Load() != 1 {
				t.Fatalf("%s: %d closed the request, want 1", name, closed.Load())
			}
		}
	}
}

func TestALostRaceIsJudgedByWhatTheWinnerLeft(t *testing.T) {
	for name, row := range map[string]struct {
		winner pending.Viewer // nobody: the request is closed instead
		want   error
	}{
		"the same person":        {john(), nil},
		"another person":         {pending.Viewer{UserID: "usr_esther", Epoch: 7}, pending.ErrNotFound},
		"another epoch":          {pending.Viewer{UserID: "usr_john", Epoch: 8}, pending.ErrStale},
		"the request was closed": {pending.Viewer{}, pending.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.entries.Before("CompareAndSet", func() {
				if row.winner.UserID == "" {
					_, err := b.Close(t.Context(), b.id, b.browser)
					wantError(t, "the winner", err, nil)
					return
				}
				wantError(t, "the winner", b.Bind(t.Context(), b.id, b.browser, row.winner), nil)
			})
			wantError(t, "the loser", b.Bind(t.Context(), b.id, b.browser, john()), row.want)
			if row.winner.UserID != "" {
				found, err := b.Find(t.Context(), b.id, b.browser)
				if err != nil || found.Viewer != row.winner {
					t.Errorf("bound to %v, %v; want the winner", found.Viewer, err)
				}
			}
		})
	}
}

func TestWhoClosesGetsWhatABindInBetweenLeft(t *testing.T) {
	b := newBench(t)
	b.entries.Before("Take", func() {
		wantError(t, "Bind", b.Bind(t.Context(), b.id, b.browser, john()), nil)
	})
	closed, err := b.Close(t.Context(), b.id, b.browser)
	if err != nil || closed.Viewer != john() {
		t.Errorf("closed %v, %v", closed.Viewer, err)
	}
	wantError(t, "Bind after Close", b.Bind(t.Context(), b.id, b.browser, john()), pending.ErrNotFound)
}
