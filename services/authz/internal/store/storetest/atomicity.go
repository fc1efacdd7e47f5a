package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Atomicity tests that a failed write leaves nothing behind.
func Atomicity(t *testing.T) {
	t.Run("a taken identifier changes nothing", taken)
	t.Run("a client whose redirect URIs cannot be stored is not registered", wholeOrNot)
	t.Run("a rotation that cannot be stored expires no secret", rotationWhole)
	t.Run("a change that cannot be stored changes nothing", changeWhole)
}

func taken(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		hash := newSecret()
		create(t, s, Example(), hash)
		other := Example()
		other.Name, other.RedirectURIs = "Impostor", []string{"https://evil.test/cb"}
		if err := s.CreateClient(t.Context(), other, newSecret()); !errors.Is(err, client.ErrExists) {
			t.Fatalf("Create: %v, want ErrExists", err)
		}
		got, err := s.Find(t.Context(), Example().ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Example(), got); diff != "" {
			t.Errorf("the client changed (-want +got):\n%s", diff)
		}
		wantValid(t, s, Example().ID, hash)
	})
}

func wholeOrNot(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		registration := Example()
		registration.RedirectURIs = append(registration.RedirectURIs, registration.RedirectURIs[0])
		if err := s.CreateClient(t.Context(), registration, newSecret()); err == nil {
			t.Fatal("a redirect URI was stored twice")
		}
		if _, err := s.Find(t.Context(), registration.ID); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("Find: %v, want ErrUnknown", err)
		}
		create(t, s, Example(), newSecret())
		if err := s.Replace(t.Context(), registration, newSecret()); err == nil {
			t.Fatal("a redirect URI was stored twice")
		}
		got, err := s.Find(t.Context(), registration.ID)
		if err != nil || len(got.RedirectURIs) != len(Example().RedirectURIs) {
			t.Errorf("a failed replacement left %v, %v", got.RedirectURIs, err)
		}
	})
}

func rotationWhole(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		hash := newSecret()
		create(t, s, Example(), hash)
		if err := s.RotateClientSecret(t.Context(), client.Rotation{ClientID: Example().ID, Secret: *hash}); err == nil {
			t.Fatal("the same secret became its own successor")
		}
		wantValid(t, s, Example().ID, hash)
	})
}

func changeWhole(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), nil)
		twice := []string{"https://a.test/", "https://a.test/"}
		if err := s.UpdateClient(t.Context(), registry.Change{ClientID: Example().ID, Name: "Renamed", RedirectURIs: twice}); err == nil {
			t.Fatal("a redirect URI was stored twice")
		}
		wantClient(t, s, registry.Client{Registration: Example()})
	})
}
