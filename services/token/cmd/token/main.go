// Command token runs the token service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
	"github.com/vidocu/usher/services/token"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Token        token.Config `koanf:"token"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "token", Config: &settings{Settings: run.Default(), Token: token.DefaultConfig()}, Check: check, Start: start,
	}))
}

// check is --check-config's.
func check(c *settings) []error {
	return stores.CheckDatabase("token", c.Token.DatabaseURL)
}

func start(ctx context.Context, host *run.Host, c *settings) error {
	db, err := stores.Database(ctx, host, c.Token.DatabaseURL, token.Migrations())
	if err != nil {
		return err
	}
	authz, err := host.Dial("authz")
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
	service, err := token.New(ctx, c.Token, token.Deps{
		Logger: host.Logger, DB: db, Authz: authz, Identity: identity, Catalog: catalog, Issuer: c.PublicURL,
		Metrics: host.Metrics,
	})
	if err != nil {
		return err
	}
	// Development among several processes gets no key: there is nobody to show it to.
	if !c.Development {
		if err := service.RefuseFixtures(ctx); err != nil {
			return err
		}
	}
	host.Go(service.Run)
	if err := host.Serve(run.Service{
		Name: "token", Register: service.Register, Ready: service.Ready,
	}); err != nil {
		return err
	}
	return host.ServeAdmin()
}
