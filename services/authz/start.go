package authz

import (
	"context"

	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
)

// Start opens the dependencies and serves until the process ends. In development it registers the
// clients of the documents' examples; otherwise it returns an error if one of them is registered.
func Start(ctx context.Context, host *run.Host, config Config) (*Service, error) {
	deps := Deps{
		Logger: host.Logger, Metrics: host.Metrics, Issuer: host.Settings.PublicURL, Now: host.Settings.Now,
		ClientDocuments: host.Settings.ClientDocuments, Development: host.Settings.Development,
		Fetcher:      fetch.New(fetch.Options{Loopback: host.Settings.Development, Ports: host.Settings.ClientDocuments.Ports()}),
		Registration: host.Settings.DCR, PushRequired: host.Settings.RequirePAR,
	}
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

// Check returns the problems of the settings that the stores parse. It opens no connection.
func Check(config Config, settings *run.Settings) []error {
	return append(stores.CheckDatabase("authz", config.DatabaseURL), stores.CheckRedis(settings)...)
}
