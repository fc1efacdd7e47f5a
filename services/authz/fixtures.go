package authz

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// fixture is a client that the documents' examples name, with its published secret.
type fixture struct {
	registration client.Registration
	secret       string
}

// SeedDevelopment registers the clients of the documents' examples (docs/wire-contract.md §2), or
// resets them to their initial state.
func (s *Service) SeedDevelopment(ctx context.Context, publicURL string) error {
	for _, f := range s.fixtures(publicURL) {
		var current *secret.Record
		if f.secret != "" {
			kept := secret.NewRecord(secret.New(f.secret))
			current = &kept
		}
		if err := s.store.Replace(ctx, f.registration, current); err != nil {
			return fmt.Errorf("seeding %s: %w", f.registration.ID, err)
		}
	}
	return nil
}

// RefuseFixtures returns an error if a client of the documents' examples is registered: their
// secrets are public.
func (s *Service) RefuseFixtures(ctx context.Context) error {
	for _, f := range s.fixtures("") {
		_, err := s.store.Find(ctx, f.registration.ID)
		if err == nil {
			return fmt.Errorf("the development client %s is registered: its secret is public, so production does not start with it", f.registration.ID)
		}
		if !errors.Is(err, client.ErrUnknown) {
			return err
		}
	}
	return nil
}

func (s *Service) fixtures(publicURL string) []fixture {
	var scope oauth.Scope
	for _, declared := range s.deps.Catalog.Scopes() {
		scope = append(scope, declared.Name)
	}
	grants := oauth.DefaultGrantTypes()
	demo := strings.TrimSuffix(publicURL, "/") + "/demo/callback"
	return []fixture{
		{secret: "vdo_secret_xyz789", registration: client.Registration{
			Client: client.Client{ID: "vdo_client_abc123", Name: "Example App", Type: client.Confidential, GrantTypes: grants, Identity: oauth.AppIdentity{
				Publisher: "Example Company", Purpose: "Shows what an app can do here", ClientURI: "https://yourapp.com",
				PolicyURI: "https://yourapp.com/privacy", TermsURI: "https://yourapp.com/terms",
			}},
			RedirectURIs: []string{"https://yourapp.com/callback", demo},
			Scope:        scope,
		}},
		{registration: client.Registration{
			Client:       client.Client{ID: "vdo_client_public123", Name: "Example Public App", Type: client.Public, GrantTypes: grants},
			RedirectURIs: []string{"https://yourapp.com/callback", "http://127.0.0.1/callback", demo},
			Scope:        scope,
		}},
		{registration: client.Registration{
			Client: client.Client{
				ID: "vdo_client_device123", Name: "Example TV App", Type: client.Public,
				GrantTypes: []string{oauth.DeviceCodeGrant, oauth.RefreshTokenGrant},
			},
			Scope: scope,
		}},
		{secret: "vdo_secret_resource789", registration: client.Registration{ //nolint:gosec // the documents print it
			Client: client.Client{ID: "vdo_client_resource123", Name: "Example Resource Server", Type: client.Confidential, ResourceServer: true},
		}},
	}
}
