package token

import (
	"context"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/apikey"
)

// developmentWorkspace is the documents' "Acme Studio" (docs/wire-contract.md §2).
const developmentWorkspace = "ws_acme"

// SeedDevelopment creates an API key for the documents' workspace, once per database. The first
// call returns the key, to be shown; every later call returns the zero secret.
func (s *Service) SeedDevelopment(ctx context.Context) (secret.String, error) {
	key, err := s.enforcement.keys.CreateDevelopment(ctx, developmentWorkspace)
	if err != nil {
		return secret.String{}, fmt.Errorf("adding the development API key: %w", err)
	}
	return key, nil
}

// RefuseFixtures fails when SeedDevelopment has ever run on this database: its key was printed on a
// terminal, and it belongs to a workspace that every development user may enter.
func (s *Service) RefuseFixtures(ctx context.Context) error {
	found, err := s.store.KeyExists(ctx, apikey.DevelopmentID)
	if err != nil {
		return err
	}
	if found {
		return fmt.Errorf("the development API key %s is registered: production does not start on a development database", apikey.DevelopmentID)
	}
	return nil
}
