// Command authz runs the authorization service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
	"github.com/vidocu/usher/services/authz"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Authz        authz.Config `koanf:"authz"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "authz", Config: &settings{Settings: run.Default(), Authz: authz.DefaultConfig()}, Check: check, Start: start,
	}))
}

// check is --check-config's.
func check(c *settings) []error {
	return append(stores.CheckDatabase("authz", c.Authz.DatabaseURL), stores.CheckRedis(c.Common())...)
}

func start(ctx context.Context, host *run.Host, c *settings) error {
	db, err := stores.Database(ctx, host, c.Authz.DatabaseURL, authz.Migrations())
	if err != nil {
		return err
	}
	shortLived, err := stores.Redis(ctx, host)
	if err != nil {
		return err
	}
	identity, err := host.Dial("identity")
	if err != nil {
		return err
	}
	catalog, err := host.Catalog()
	if err != nil {
		return err
	}
	service, err := authz.New(c.Authz, authz.Deps{
		Logger: host.Logger, DB: db, ShortLived: shortLived, Identity: identity, Catalog: catalog, Issuer: c.PublicURL, Now: c.Now,
		Metrics: host.Metrics,
	})
	if err != nil {
		return err
	}
	if err := fixtures(ctx, service, c); err != nil {
		return err
	}
	host.Go(service.Run)
	if err := host.Serve(run.Service{
		Name: "authz", Register: service.Register, Ready: service.Ready,
	}); err != nil {
		return err
	}
	return host.ServeAdmin()
}

// fixtures seeds the documents' apps in development and refuses them anywhere else.
func fixtures(ctx context.Context, service *authz.Service, c *settings) error {
	if c.Development {
		return service.SeedDevelopment(ctx, c.PublicURL)
	}
	return service.RefuseFixtures(ctx)
}
