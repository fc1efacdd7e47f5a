// Command identity runs the identity service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/identity"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Identity     identity.Config `koanf:"identity"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "identity", Config: &settings{Settings: run.Default(), Identity: identity.DefaultConfig()},
		Check: func(c *settings) []error { return identity.Check(c.Identity, c.Common()) },
		Start: func(ctx context.Context, host *run.Host, c *settings) error {
			_, err := identity.Start(ctx, host, c.Identity)
			return err
		},
	}))
}
