package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// CRUD tests what is stored.
func CRUD(t *testing.T) {
	t.Run("a client comes back as it was registered", comesBack)
	t.Run("what a client must do beyond RFC 6749 is kept and changed", security)
	t.Run("where a client gets logout tokens is kept and changed", logoutURI)
	t.Run("an unknown client is unknown", unknown)
	t.Run("credentials of two clients are read at once", twoAtOnce)
	t.Run("a list leaves unknown clients out", list)
	t.Run("a disabled client says so everywhere until it is enabled", disabled)
	t.Run("a replaced client is exactly as described", replaced)
	t.Run("a rotated secret overlaps with its predecessor and no longer", overlap)
	t.Run("a previous secret expires at once when it is revoked", endPredecessor)
	t.Run("a client is read with everything registered", readWhole)
	t.Run("a change leaves what it does not name", changed)
	t.Run("clients come by name, a page at a time", paged)
	t.Run("a change of the identity leaves what it does not name", identityChanged)
	t.Run("a logo is stored with its client", logos)
}

func comesBack(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		bare := Native()
		bare.RedirectURIs, bare.Scope, bare.GrantTypes, bare.DefaultScope, bare.ResourceServer = nil, nil, nil, nil, true
		bare.OptionalScope, bare.Identity.Publisher = nil, ""
		for _, want := range []client.Registration{Example(), bare} {
			create(t, s, want, nil)
			got, err := s.Find(t.Context(), want.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the client changed (-registered +read):\n%s", diff)
			}
		}
	})
}

func security(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		want := Example()
		want.Security = client.Security{PushRequired: true, Profile: client.FAPI2}
		create(t, s, want, newSecret())
		check := func(what string) {
			t.Helper()
			found, err := s.Find(t.Context(), want.ID)
			record, credentialsErr := s.Credentials(t.Context(), want.ID)
			if err != nil || credentialsErr != nil || found.Security != want.Security || record.Security != want.Security {
				t.Errorf("%s: %+v, %v and %+v, %v", what, found.Security, err, record.Security, credentialsErr)
			}
		}
		check("as registered")
		yes, no := true, false
		if err := s.UpdateClient(t.Context(), registry.Change{ClientID: want.ID, Name: "another"}); err != nil {
			t.Fatal(err)
		}
		check("after a change of something else")
		err := s.UpdateClient(t.Context(), registry.Change{ClientID: want.ID, PushRequired: &no, DPoPRequired: &yes, Profile: client.NoProfile})
		if err != nil {
			t.Fatal(err)
		}
		want.Security = client.Security{DPoPRequired: true}
		check("after a change of each")
	})
}

func logoutURI(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		want := Example()
		want.BackChannelLogout = client.BackChannelLogout{LogoutURI: "https://a.example/logout", LogoutSessionRequired: true}
		create(t, s, want, newSecret())
		check := func(what string) {
			t.Helper()
			found, err := s.Find(t.Context(), want.ID)
			list, listErr := s.List(t.Context(), []string{want.ID})
			if err != nil || listErr != nil || found.BackChannelLogout != want.BackChannelLogout || list[0].BackChannelLogout != want.BackChannelLogout {
				t.Errorf("%s: %+v, %v and %+v, %v", what, found.BackChannelLogout, err, list, listErr)
			}
		}
		check("as registered")
		none, no := "", false
		for _, change := range []registry.Change{
			{Name: "another"},
			{BackChannelChange: registry.BackChannelChange{LogoutURI: &none}},
			{BackChannelChange: registry.BackChannelChange{LogoutSessionRequired: &no}},
		} {
			change.ClientID = want.ID
			if err := s.UpdateClient(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			if change.LogoutURI != nil {
				want.LogoutURI = ""
			}
			if change.LogoutSessionRequired != nil {
				want.LogoutSessionRequired = false
			}
			check("after a change")
		}
	})
}

func unknown(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), newSecret())
		if _, err := s.Find(t.Context(), "vdo_client_nope"); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("Find: %v, want ErrUnknown", err)
		}
		if _, err := s.Credentials(t.Context(), "vdo_client_nope"); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("Credentials: %v, want ErrUnknown", err)
		}
		for _, id := range []string{"vdo_client_nope", Native().ID} {
			if err := s.RotateClientSecret(t.Context(), client.Rotation{ClientID: id, Secret: *newSecret()}); !errors.Is(err, client.ErrUnknown) {
				t.Errorf("Rotate: %v, want ErrUnknown", err)
			}
			if err := s.SetClientDisabled(t.Context(), id, true); !errors.Is(err, client.ErrUnknown) {
				t.Errorf("SetClientDisabled: %v, want ErrUnknown", err)
			}
			if err := s.RevokePreviousClientSecret(t.Context(), id); !errors.Is(err, client.ErrUnknown) {
				t.Errorf("RevokePreviousClientSecret: %v, want ErrUnknown", err)
			}
			if err := s.UpdateClient(t.Context(), registry.Change{ClientID: id, Name: "x", RedirectURIs: []string{"https://a.test/"}}); !errors.Is(err, client.ErrUnknown) {
				t.Errorf("Update: %v, want ErrUnknown", err)
			}
			if _, err := s.FindClient(t.Context(), id); !errors.Is(err, client.ErrUnknown) {
				t.Errorf("FindClient: %v, want ErrUnknown", err)
			}
		}
	})
}

func twoAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		hash := newSecret()
		create(t, s, Example(), hash)
		create(t, s, Native(), nil)
		wantValid(t, s, Example().ID, hash)
		wantValid(t, s, Native().ID)
	})
}

func list(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ids, want := []string{"vdo_client_nope"}, []string(nil)
		for i := range 120 { // more than one statement reads
			registration := Native()
			registration.ID = fmt.Sprintf("vdo_client_%03d", i)
			create(t, s, registration, nil)
			ids, want = append(ids, registration.ID), append(want, registration.ID)
		}
		found, err := s.List(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, registration := range found {
			if !slices.Equal(registration.Scope, Native().Scope) {
				t.Errorf("%s is listed with the scopes %v, want %v", registration.ID, registration.Scope, Native().Scope)
			}
			got = append(got, registration.ID)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("list differs (-want +got):\n%s", diff)
		}
		if none, err := s.List(t.Context(), nil); err != nil || len(none) != 0 {
			t.Errorf("List of nothing: %v, %v", none, err)
		}
	})
}

func disabled(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), newSecret())
		for _, want := range []bool{true, false} {
			if err := s.SetClientDisabled(t.Context(), Example().ID, want); err != nil {
				t.Fatal(err)
			}
			found, err := s.Find(t.Context(), Example().ID)
			if err != nil || found.Disabled != want {
				t.Errorf("Find: disabled %v, %v, want %v", found.Disabled, err, want)
			}
			record, err := s.Credentials(t.Context(), Example().ID)
			if err != nil || record.Disabled != want {
				t.Errorf("Credentials: %v, %v, want disabled %v", record, err, want)
			}
		}
	})
}

func replaced(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		old, fresh := newSecret(), newSecret()
		create(t, s, Example(), old)
		want := Example()
		want.Name, want.RedirectURIs, want.Scope = "Renamed", []string{"https://new.test/cb"}, want.Scope[:1]
		want.RefreshRetry, want.Identity, want.OptionalScope = Native().RefreshRetry, Native().Identity, want.Scope
		want.DefaultScope, want.ApplicationType, want.Unverified = want.Scope, client.Web, true
		for range 2 {
			if err := s.Replace(t.Context(), want, fresh); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Find(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the client differs (-want +got):\n%s", diff)
		}
		wantValid(t, s, want.ID, fresh)
	})
}

func overlap(t *testing.T) {
	eachLater(t, func(t *testing.T, later func(time.Duration) *store.Store) {
		first, second, third := newSecret(), newSecret(), newSecret()
		now := later(0)
		create(t, now, Example(), first)
		rotate(t, now, client.Rotation{ClientID: Example().ID, Secret: *second, Overlap: time.Hour})
		wantValid(t, now, Example().ID, first, second)
		wantValid(t, later(59*time.Minute), Example().ID, first, second)
		wantValid(t, later(61*time.Minute), Example().ID, second)
		// A second rotation expires the secret that the first one left valid.
		rotate(t, now, client.Rotation{ClientID: Example().ID, Secret: *third, Overlap: time.Hour})
		wantValid(t, now, Example().ID, second, third)
		rotate(t, now, client.Rotation{ClientID: Example().ID, Secret: *first})
		wantValid(t, now, Example().ID, first)
	})
}

func rotate(t *testing.T, s *store.Store, r client.Rotation) {
	t.Helper()
	if err := s.RotateClientSecret(t.Context(), r); err != nil {
		t.Fatalf("rotating: %v", err)
	}
}
