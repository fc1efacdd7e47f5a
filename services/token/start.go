package token

import (
	"cmp"
	"context"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
)

// Start opens the service's dependencies and serves it until the process ends. Except in
// development, it fails when the development API key exists.
func Start(ctx context.Context, host *run.Host, config Config) (*Service, error) {
	deps := Deps{Logger: host.Logger, Metrics: host.Metrics, Issuer: host.Settings.PublicURL, OpenID: host.Settings.OpenID, Now: host.Settings.Now}
	if host.Settings.Development {
		config = config.withDevelopmentKey()
	}
	deps.APIURL = cmp.Or(host.Settings.APIURL, host.Settings.PublicURL)
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

// Check validates the settings that only the stores can parse. It connects to nothing.
func Check(config Config, settings *run.Settings) []error {
	faults := stores.CheckDatabase("token", config.DatabaseURL)
	if settings.OpenID && !settings.Development && config.KeyEncryptionKey.IsZero() {
		faults = append(faults, errNoKey)
	}
	if config.DPoPNonce && !settings.Development && config.KeyEncryptionKey.IsZero() {
		faults = append(faults, errNoNonceKey)
	}
	return faults
}
