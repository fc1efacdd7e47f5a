package identity

import (
	"context"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
)

// Start opens the dependencies and serves until the process ends. In development it seeds the
// documents' users; otherwise it returns an error if one of them exists.
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

// Check returns the problems of the settings that the stores parse. It opens no connection.
func Check(config Config, settings *run.Settings) []error {
	return append(stores.CheckDatabase("identity", config.DatabaseURL), stores.CheckRedis(settings)...)
}
