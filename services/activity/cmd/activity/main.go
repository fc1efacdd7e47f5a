// Command activity runs the activity service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/activity"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Activity     activity.Config `koanf:"activity"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "activity", Config: &settings{Settings: run.Default(), Activity: activity.DefaultConfig()},
		Check: func(c *settings) []error { return activity.Check(c.Activity, c.Common()) },
		Start: func(ctx context.Context, host *run.Host, c *settings) error {
			_, err := activity.Start(ctx, host, c.Activity)
			return err
		},
	}))
}
