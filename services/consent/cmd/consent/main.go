// Command consent runs the consent service: its gRPC port with mutual TLS, and an admin port.
package main

import (
	"context"
	"os"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/consent"
)

type settings struct {
	run.Settings `koanf:",squash"`
	Consent      consent.Config `koanf:"consent"`
}

func main() {
	os.Exit(run.Main(run.Process[*settings]{
		Name: "consent", Config: &settings{Settings: run.Default(), Consent: consent.DefaultConfig()},
		Check: func(c *settings) []error { return consent.Check(c.Consent, c.Common()) },
		Start: func(ctx context.Context, host *run.Host, c *settings) error {
			_, err := consent.Start(ctx, host, c.Consent)
			return err
		},
	}))
}
