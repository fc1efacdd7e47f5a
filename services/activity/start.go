package activity

import (
	"context"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
)

// Start opens the service's dependencies and serves it until the process ends.
func Start(ctx context.Context, host *run.Host, config Config) (*Service, error) {
	deps := Deps{Logger: host.Logger, Metrics: host.Metrics, Feeds: map[string]grpc.ClientConnInterface{}}
	var err error
	if deps.DB, err = stores.Database(ctx, host, config.DatabaseURL, Migrations()); err != nil {
		return nil, err
	}
	for _, source := range Sources() {
		if deps.Feeds[source], err = host.Dial(source); err != nil {
			return nil, err
		}
	}
	service, err := New(config, deps)
	if err != nil {
		return nil, err
	}
	if err := service.Prepare(ctx); err != nil {
		return nil, err
	}
	host.Go(service.Run)
	return service, host.Serve(service.Register)
}

// Check validates the settings that only the stores can parse. It connects to nothing.
func Check(config Config, _ *run.Settings) []error {
	return stores.CheckDatabase("activity", config.DatabaseURL)
}
