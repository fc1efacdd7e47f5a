package storetest

import (
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/logo"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

func identityChanged(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		want, empty, purpose, uri := Native(), "", "Tests other clients", "https://another.test/"
		create(t, s, want, nil)
		for _, change := range []registry.IdentityChange{
			{},
			{Purpose: &purpose},
			{ClientURI: &uri, PolicyURI: &empty, OptionalScope: want.Scope},
			{Publisher: &empty, TermsURI: &empty, OptionalScope: oauth.Scope{}},
		} {
			if err := s.UpdateClient(t.Context(), registry.Change{ClientID: want.ID, IdentityChange: change}); err != nil {
				t.Fatal(err)
			}
			for _, field := range []struct{ to, from *string }{
				{&want.Identity.Publisher, change.Publisher},
				{&want.Identity.Purpose, change.Purpose},
				{&want.Identity.ClientURI, change.ClientURI},
				{&want.Identity.PolicyURI, change.PolicyURI},
				{&want.Identity.TermsURI, change.TermsURI},
			} {
				if field.from != nil {
					*field.to = *field.from
				}
			}
			if change.OptionalScope != nil {
				want.OptionalScope = change.OptionalScope
			}
			wantClient(t, s, registry.Client{Registration: want})
		}
		listed, err := s.List(t.Context(), []string{want.ID})
		if err != nil || len(listed) != 1 || listed[0].Identity != want.Identity {
			t.Errorf("listed as %+v, %v; want %+v", listed, err, want.Identity)
		}
	})
}

func logos(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		one, two := logo.Logo{Hash: "hash-1", PNG: []byte("one")}, logo.Logo{Hash: "hash-2", PNG: []byte("two")}
		create(t, s, Example(), nil)
		create(t, s, Native(), nil)
		set := func(id string, l logo.Logo) {
			t.Helper()
			if err := s.SetLogo(t.Context(), id, l, false); err != nil {
				t.Fatal(err)
			}
			if found, err := s.Find(t.Context(), id); err != nil || found.Identity.Logo != l.Hash {
				t.Errorf("%s has the logo %q, %v; want %q", id, found.Identity.Logo, err, l.Hash)
			}
		}
		want := func(l logo.Logo, present bool) {
			t.Helper()
			png, err := s.Logo(t.Context(), l.Hash)
			if present && (err != nil || string(png) != string(l.PNG)) || !present && !errors.Is(err, logo.ErrUnknown) {
				t.Errorf("the logo %s is %q, %v; present: %v", l.Hash, png, err, present)
			}
		}
		set(Example().ID, one)
		set(Native().ID, one)
		set(Example().ID, two)
		want(one, true) // the other client's
		want(two, true)
		set(Native().ID, logo.Logo{})
		want(one, false)
		if err := s.UpdateClient(t.Context(), registry.Change{ClientID: Example().ID, Name: "Renamed"}); err != nil {
			t.Fatal(err)
		}
		if found, err := s.Find(t.Context(), Example().ID); err != nil || found.Identity.Logo != two.Hash {
			t.Errorf("a change removes the logo: %q, %v", found.Identity.Logo, err)
		}
		for _, step := range []struct {
			logo       logo.Logo
			unreviewed bool
			verified   bool
		}{{two, true, true}, {one, false, true}, {two, true, false}} {
			if err := s.SetLogo(t.Context(), Example().ID, step.logo, step.unreviewed); err != nil {
				t.Fatal(err)
			}
			if found, err := s.Find(t.Context(), Example().ID); err != nil || found.Unverified == step.verified {
				t.Errorf("%+v: unverified %v, %v", step, found.Unverified, err)
			}
		}
		if err := s.SetLogo(t.Context(), "vdo_client_nope", one, false); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("SetLogo: %v, want ErrUnknown", err)
		}
		want(one, false)
	})
}
