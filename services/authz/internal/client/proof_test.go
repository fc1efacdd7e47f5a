package client_test

import (
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
)

func TestN13_1_AProofIsUsedOnce(t *testing.T) {
	proofs := client.Proofs{Entries: authztest.NewEntries()}
	id := sha256.Sum256([]byte("a proof"))
	var first atomic.Int64
	var uses sync.WaitGroup
	for range 20 {
		uses.Go(func() {
			switch err := proofs.Use(t.Context(), id[:], time.Minute); {
			case err == nil:
				first.Add(1)
			case !errors.Is(err, client.ErrProofUsed) || cause.Of(err) != cause.ProofReplayed:
				t.Error(err)
			}
		})
	}
	uses.Wait()
	if first.Load() != 1 {
		t.Errorf("%d uses are the first", first.Load())
	}
}

// TestN13_6_WithoutTheStoreNoProofIsAccepted, and none without an identifier.
func TestN13_6_WithoutTheStoreNoProofIsAccepted(t *testing.T) {
	entries := authztest.NewEntries()
	proofs, down := client.Proofs{Entries: entries}, errors.New("down")
	id := sha256.Sum256([]byte("a proof"))
	entries.Break("PutNew", down)
	if err := proofs.Use(t.Context(), id[:], time.Minute); !errors.Is(err, down) {
		t.Errorf("without the store: %v", err)
	}
	entries.Break("PutNew", nil)
	for _, p := range []struct {
		id       []byte
		lifetime time.Duration
	}{{id[:], 0}, {id[:], time.Hour}, {id[:4], time.Minute}, {nil, time.Minute}} {
		if err := proofs.Use(t.Context(), p.id, p.lifetime); err == nil || errors.Is(err, client.ErrProofUsed) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}
