package authz

import (
	"context"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
)

// Start opens what the service stands on, and serves it until the process ends. Development gets the documents' clients; any other
// start fails where they are.
func Start(ctx context.Context, host *run.Host, config Config) (*Service, error) {
	deps := Deps{Logger: host.Logger, Metrics: host.Metrics, Issuer: host.Settings.PublicURL, Now: host.Settings.Now}
	var err error
	if deps.DB, err = stores.Database(ctx, host, config.DatabaseURL, Migrations()); err != nil {
		return nil, err
	}
	if deps.ShortLived, err = stores.ShortLived(ctx, host); err != nil {
		return nil, err
	}
	if deps.Catalog, err = host.Catalog(); err != nil {
		return nil, err
	}
	if deps.Identity, err = host.Dial("identity"); err != nil {
		return nil, err
	}
	service, err := New(config, deps)
	if err != nil {
		return nil, err
	}
	if host.Settings.Development {
		err = service.SeedDevelopment(ctx, host.Settings.PublicURL)
	} else {
		err = service.RefuseFixtures(ctx)
	}
	if err != nil {
		return nil, err
	}
	host.Go(service.Run)
	return service, host.Serve(service.Register)
}

// Check names what is wrong with the settings that only the stores can read. It connects to nothing.
func Check(config Config, settings *run.Settings) []error {
	return append(stores.CheckDatabase("authz", config.DatabaseURL), stores.CheckRedis(settings)...)
}
