package consent

import (
	"context"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
)

// Start opens the service's dependencies and serves it until the process ends.
func Start(ctx context.Context, host *run.Host, config Config) (*Service, error) {
	deps := Deps{Logger: host.Logger, Metrics: host.Metrics}
	var err error
	if deps.DB, err = stores.Database(ctx, host, config.DatabaseURL, Migrations()); err != nil {
		return nil, err
	}
	if deps.Catalog, err = host.Catalog(); err != nil {
		return nil, err
	}
	if deps.Identity, err = host.Dial("identity"); err != nil {
		return nil, err
	}
	if deps.Authz, err = host.Dial("authz"); err != nil {
		return nil, err
	}
	if deps.Token, err = host.Dial("token"); err != nil {
		return nil, err
	}
	service, err := New(config, deps)
	if err != nil {
		return nil, err
	}
	host.Go(service.Run)
	return service, host.Serve(service.Register)
}

// Check validates the settings that only the stores can parse. It connects to nothing.
func Check(config Config, _ *run.Settings) []error {
	return stores.CheckDatabase("consent", config.DatabaseURL)
}
