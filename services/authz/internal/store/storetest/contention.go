package storetest

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/store"
)

const (
	rounds = 20
	racers = 8
)

// Contention tests concurrent writes.
func Contention(t *testing.T) {
	t.Run("one of many registrations of an identifier wins", oneRegistration)
	t.Run("many rotations leave two valid secrets and one current", manyRotations)
	t.Run("no client is read in part while it is replaced", readWhileReplaced)
}

func oneRegistration(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for range rounds {
			registration := Example()
			registration.ID = secret.NewID(client.IDPrefix)
			var won, lost atomic.Int64
			racetest.Run(racers, func(int) {
				switch err := s.CreateClient(t.Context(), registration, newSecret()); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, client.ErrExists):
					lost.Add(1)
				default:
					t.Errorf("Create: %v", err)
				}
			})
			if won.Load() != 1 || lost.Load() != racers-1 {
				t.Fatalf("%d won and %d lost, want 1 and %d", won.Load(), lost.Load(), racers-1)
			}
			if got := valid(t, s, registration.ID); len(got) != 1 {
				t.Fatalf("%d secrets are valid, want 1", len(got))
			}
		}
	})
}

func manyRotations(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), newSecret())
		for range rounds {
			racetest.Run(racers, func(int) {
				if err := s.RotateClientSecret(t.Context(), client.Rotation{ClientID: Example().ID, Secret: *newSecret(), Overlap: time.Hour}); err != nil {
					t.Errorf("Rotate: %v", err)
				}
			})
			if got := valid(t, s, Example().ID); len(got) != client.MaxSecrets {
				t.Fatalf("%d secrets are valid, want %d", len(got), client.MaxSecrets)
			}
		}
	})
}

func readWhileReplaced(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), newSecret())
		racetest.Run(racers, func(i int) {
			for range rounds {
				if i == 0 {
					if err := s.Replace(t.Context(), Example(), newSecret()); err != nil {
						t.Errorf("Replace: %v", err)
					}
					continue
				}
				got, err := s.Find(t.Context(), Example().ID)
				if err != nil || !slices.Equal(got.RedirectURIs, Example().RedirectURIs) {
					t.Errorf("read %v, %v", got.RedirectURIs, err)
				}
				if secrets := valid(t, s, Example().ID); len(secrets) != 1 {
					t.Errorf("%d secrets are valid, want 1", len(secrets))
				}
			}
		})
	})
}
