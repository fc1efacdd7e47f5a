package storetest

import (
	"fmt"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/store"
)

const (
	rounds = 20
	racers = 50
)

// Contention checks the contract under concurrent writes.
func Contention(t *testing.T) {
	t.Run("of many records of one request one is kept", func(t *testing.T) { each(t, oneRecord) })
	t.Run("pruning takes no approval of the new epoch", func(t *testing.T) { each(t, pruneWhileRecorded) })
}

func oneRecord(t *testing.T, s *store.Store) {
	for round := range rounds {
		c := example()
		c.UserID = fmt.Sprintf("usr_%d", round)
		racetest.Run(racers, func(i int) {
			mine := c
			mine.WorkspaceID = fmt.Sprintf("ws_%d", i)
			if err := s.Record(t.Context(), mine); err != nil {
				t.Errorf("Record: %v", err)
			}
		})
		if kept := list(t, s, c.UserID); len(kept) != 1 {
			t.Fatalf("%d consents are kept, want 1", len(kept))
		}
	}
}

func pruneWhileRecorded(t *testing.T, s *store.Store) {
	for round := range rounds {
		pair := oauth.UserClient{UserID: fmt.Sprintf("usr_%d", round), ClientID: "app"}
		var want []decision.Consent
		for epoch := range int64(2) {
			c := example()
			c.UserID, c.Epoch = pair.UserID, epoch
			want = append(want, c)
		}
		record(t, s, want[0])
		racetest.Run(2, func(i int) {
			if i == 0 {
				if err := s.Prune(t.Context(), pair, 1); err != nil {
					t.Errorf("Prune: %v", err)
				}
				return
			}
			if err := s.Record(t.Context(), want[1]); err != nil {
				t.Errorf("Record: %v", err)
			}
		})
		wantList(t, s, pair.UserID, want[1])
	}
}
