// Command consent runs the consent service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/stores"
	"github.com/vidocu/usher/services/consent"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Consent      consent.Config `koanf:"consent"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "consent", Config: &settings{Settings: run.Default(), Consent: consent.DefaultConfig()}, Check: check, Start: start,
	}))
}

// check is --check-config's.
func check(c *settings) []error {
	return stores.CheckDatabase("consent", c.Consent.DatabaseURL)
}

func start(ctx context.Context, host *run.Host, c *settings) error {
	db, err := stores.Database(ctx, host, c.Consent.DatabaseURL, consent.Migrations())
	if err != nil {
		return err
	}
	catalog, err := host.Catalog()
	if err != nil {
		return err
	}
	deps := consent.Deps{Logger: host.Logger, DB: db, Catalog: catalog, Metrics: host.Metrics}
	if deps.Identity, err = host.Dial("identity"); err != nil {
		return err
	}
	if deps.Authz, err = host.Dial("authz"); err != nil {
		return err
	}
	if deps.Token, err = host.Dial("token"); err != nil {
		return err
	}
	service, err := consent.New(c.Consent, deps)
	if err != nil {
		return err
	}
	host.Go(service.Run)
	if err := host.Serve(run.Service{Name: "consent", Register: service.Register, Ready: service.Ready}); err != nil {
		return err
	}
	return host.ServeAdmin()
}
