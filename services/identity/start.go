package identity

import (
	"context"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
)

// Start opens what the service stands on, and serves it until the process ends. Development gets the documents' users; any other
// start fails where they are.
func Start(ctx context.Context, host *run.Host, config Config) (*Service, error) {
	deps := Deps{Logger: host.Logger, Metrics: host.Metrics, Now: host.Settings.Now}
	var err error
	if deps.DB, err = stores.Database(ctx, host, config.DatabaseURL, Migrations()); err != nil {
		return nil, err
	}
	if deps.ShortLived, err = stores.ShortLived(ctx, host); err != nil {
		return nil, err
	}
	if deps.Plans, err = host.Catalog(); err != nil {
		return nil, err
	}
	service, err := New(config, deps)
	if err != nil {
		return nil, err
	}
	fixtures := service.RefuseFixtures
	if host.Settings.Development {
		fixtures = service.SeedDevelopment
	}
	if err := fixtures(ctx); err != nil {
		return nil, err
	}
	host.Go(service.Run)
	return service, host.Serve(service.Register)
}

// Check names what is wrong with the settings that only the stores can read. It connects to nothing.
func Check(config Config, settings *run.Settings) []error {
	return append(stores.CheckDatabase("identity", config.DatabaseURL), stores.CheckRedis(settings)...)
}
