// Command gateway runs Usher's HTTP face: the public port and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/run"
	usher "github.com/vidocu/usher/sdk"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Gateway      gateway.Config `koanf:"gateway"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "gateway", Config: &settings{Settings: run.Default(), Gateway: gateway.DefaultConfig()}, Start: start,
	}))
}

func start(ctx context.Context, host *run.Host, c *settings) error {
	catalog, err := host.Catalog()
	if err != nil {
		return err
	}
	deps := gateway.Deps{
		Logger: host.Logger, Metrics: host.Metrics, Tracing: host.Tracing, Catalog: catalog,
		PublicURL: c.PublicURL, APIURL: c.APIURL, UpstreamURL: c.UpstreamURL, Development: c.Development,
	}
	if deps.Identity, err = host.Dial("identity"); err != nil {
		return err
	}
	if deps.Authz, err = host.Dial("authz"); err != nil {
		return err
	}
	if deps.Token, err = host.Dial("token"); err != nil {
		return err
	}
	if deps.Consent, err = host.Dial("consent"); err != nil {
		return err
	}
	checker := usher.New(deps.Token)
	host.Closing(checker.Close)
	host.Checking(gateway.Warm(checker.Ready))
	deps.Checker = checker
	handler, err := gateway.New(ctx, c.Gateway, deps)
	if err != nil {
		return err
	}
	lis, err := host.Listen("http_addr", c.HTTPAddr)
	if err != nil {
		return err
	}
	host.ServeHTTP(lis, handler, c.Gateway.IdleTimeout)
	host.Admin(gateway.ForwardAuthPath, gateway.ForwardAuth(c.Gateway, deps))
	return host.ServeAdmin()
}
