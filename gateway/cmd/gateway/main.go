// Command gateway runs Usher's HTTP gateway: the public port and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/run"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Gateway      gateway.Config `koanf:"gateway"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "gateway", Config: &settings{Settings: run.Default(), Gateway: gateway.DefaultConfig()},
		Check: func(c *settings) []error { return gateway.Check(c.Gateway) },
		Start: func(ctx context.Context, host *run.Host, c *settings) error {
			return gateway.Start(ctx, host, c.Gateway)
		},
	}))
}
