// Command token runs the token service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/token"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Token        token.Config `koanf:"token"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "token", Config: &settings{Settings: run.Default(), Token: token.DefaultConfig()},
		Check: func(c *settings) []error { return token.Check(c.Token, c.Common()) },
		Start: func(ctx context.Context, host *run.Host, c *settings) error {
			_, err := token.Start(ctx, host, c.Token)
			return err
		},
	}))
}
