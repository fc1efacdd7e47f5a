// Command authz runs the authorization service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/authz"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Authz        authz.Config `koanf:"authz"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "authz", Config: &settings{Settings: run.Default(), Authz: authz.DefaultConfig()},
		Check: func(c *settings) []error { return authz.Check(c.Authz, c.Common()) },
		Start: func(ctx context.Context, host *run.Host, c *settings) error {
			_, err := authz.Start(ctx, host, c.Authz)
			return err
		},
	}))
}
