// Command identity runs the identity service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
	"github.com/vidocu/usher/services/identity"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Identity     identity.Config `koanf:"identity"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "identity", Config: &settings{Settings: run.Default(), Identity: identity.DefaultConfig()}, Check: check, Start: start,
	}))
}

// check is --check-config's.
func check(c *settings) []error {
	return append(stores.CheckDatabase("identity", c.Identity.DatabaseURL), stores.CheckRedis(c.Common())...)
}

func start(ctx context.Context, host *run.Host, c *settings) error {
	db, err := stores.Database(ctx, host, c.Identity.DatabaseURL, identity.Migrations())
	if err != nil {
		return err
	}
	shortLived, err := stores.Redis(ctx, host)
	if err != nil {
		return err
	}
	plans, err := host.Catalog()
	if err != nil {
		return err
	}
	service, err := identity.New(c.Identity, identity.Deps{
		Logger: host.Logger, DB: db, ShortLived: shortLived, Plans: plans, Now: c.Now, Metrics: host.Metrics,
	})
	if err != nil {
		return err
	}
	if err := fixtures(ctx, service, c); err != nil {
		return err
	}
	host.Go(service.Run)
	if err := host.Serve(run.Service{Name: "identity", Register: service.Register, Ready: service.Ready}); err != nil {
		return err
	}
	return host.ServeAdmin()
}

// fixtures seeds the documents' people in development and refuses them anywhere else.
func fixtures(ctx context.Context, service *identity.Service, c *settings) error {
	if c.Development {
		return service.SeedDevelopment(ctx)
	}
	return service.RefuseFixtures(ctx)
}
