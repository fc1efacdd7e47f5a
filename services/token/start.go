package token

import (
	"context"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
)

// Start opens what the service stands on, and serves it until the process ends. It fails where the
// development API key is, except in development.
func Start(ctx context.Context, host *run.Host, config Config) (*Service, error) {
	deps := Deps{Logger: host.Logger, Metrics: host.Metrics, Issuer: host.Settings.PublicURL}
	var err error
	if deps.DB, err = stores.Database(ctx, host, config.DatabaseURL, Migrations()); err != nil {
		return nil, err
	}
	if deps.Catalog, err = host.Catalog(); err != nil {
		return nil, err
	}
	if deps.Authz, err = host.Dial("authz"); err != nil {
		return nil, err
	}
	if deps.Identity, err = host.Dial("identity"); err != nil {
		return nil, err
	}
	service, err := New(ctx, config, deps)
	if err != nil {
		return nil, err
	}
	if !host.Settings.Development {
		if err := service.RefuseFixtures(ctx); err != nil {
			return nil, err
		}
	}
	host.Go(service.Run)
	return service, host.Serve(service.Register)
}

// Check names what is wrong with the settings that only the stores can read. It connects to
// nothing.
func Check(config Config, _ *run.Settings) []error {
	return stores.CheckDatabase("token", config.DatabaseURL)
}
