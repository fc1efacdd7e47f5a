package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

func endPredecessor(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		first, second := newSecret(), newSecret()
		create(t, s, Example(), first)
		rotate(t, s, client.Rotation{ClientID: Example().ID, Secret: *second, Overlap: time.Hour})
		for range 2 { // without a previous secret it changes nothing
			if err := s.RevokePreviousClientSecret(t.Context(), Example().ID); err != nil {
				t.Fatal(err)
			}
			wantValid(t, s, Example().ID, second)
		}
	})
}

// wantClient compares everything but the times, which must be set where they should be.
func wantClient(t *testing.T, s *store.Store, want registry.Client) {
	t.Helper()
	got, err := s.FindClient(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreTypes(time.Time{}),
		cmpopts.IgnoreFields(secret.Info{}, "ID")); diff != "" || got.CreatedAt.IsZero() {
		t.Errorf("%s differs (-want +got):\n%s", want.ID, diff)
	}
	for i, one := range got.Secrets {
		if one.CreatedAt.IsZero() || one.ExpiresAt.IsZero() != (i == 0) {
			t.Errorf("secret %d of %s: %+v", i, want.ID, one)
		}
	}
}

func readWhole(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		first, second := newSecret(), newSecret()
		create(t, s, Example(), first)
		create(t, s, Native(), nil)
		wantClient(t, s, registry.Client{Registration: Example(), Secrets: []secret.Info{{LastFour: first.LastFour}}})
		wantClient(t, s, registry.Client{Registration: Native()})
		rotate(t, s, client.Rotation{ClientID: Example().ID, Secret: *second, Overlap: time.Hour})
		wantClient(t, s, registry.Client{Registration: Example(), Secrets: []secret.Info{{LastFour: second.LastFour}, {LastFour: first.LastFour}}})
	})
}

func changed(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		create(t, s, Example(), nil)
		want, server, none, window := Example(), true, time.Duration(0), 30*time.Second
		for _, change := range []registry.Change{
			{},
			{Name: "Renamed"},
			{RedirectURIs: []string{"https://b.test/", "https://a.test/"}},
			{Scope: oauth.Scope{"jobs:read"}},
			{GrantTypes: []string{oauth.AuthorizationCodeGrant}, ResourceServer: &server},
			{RefreshRetry: &window},
			{DefaultScope: oauth.Scope{"jobs:read"}, ApplicationType: client.Web, Unverified: &server},
			{DefaultScope: oauth.Scope{}},
			{Name: "Again"},
			{RefreshRetry: &none},
			{DefaultRefreshRetry: true},
		} {
			if change.ClientID = want.ID; change.Name != "" {
				want.Name = change.Name
			}
			if change.RedirectURIs != nil {
				want.RedirectURIs = change.RedirectURIs
			}
			if change.Scope != nil {
				want.Scope = change.Scope
			}
			if change.GrantTypes != nil {
				want.GrantTypes, want.ResourceServer = change.GrantTypes, server
			}
			if change.RefreshRetry != nil || change.DefaultRefreshRetry {
				want.RefreshRetry = change.RefreshRetry
			}
			if change.DefaultScope != nil {
				want.DefaultScope, want.ApplicationType, want.Unverified = change.DefaultScope, client.Web, true
			}
			if err := s.UpdateClient(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			wantClient(t, s, registry.Client{Registration: want})
		}
	})
}

func paged(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		names := []string{"b", "B", "a", "é", "Zebra", "b", "a b"}
		type place struct{ name, id string }
		var want []place
		for i, name := range names {
			registration := Example()
			registration.ID, registration.Name = fmt.Sprintf("vdo_client_%d", 9-i), name
			create(t, s, registration, newSecret())
			want = append(want, place{name, registration.ID})
		}
		// Names are ordered by bytes, on both engines.
		slices.SortFunc(want, func(a, b place) int {
			if a.name == b.name {
				return strings.Compare(a.id, b.id)
			}
			return strings.Compare(a.name, b.name)
		})
		var got []place
		for after := (place{}); ; {
			page, err := s.ListClients(t.Context(), after.name, after.id, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, registration := range page {
				after = place{registration.Name, registration.ID}
				got = append(got, after)
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(place{})); diff != "" {
			t.Errorf("the pages (-want +got):\n%s", diff)
		}
	})
}
