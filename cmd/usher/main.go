// Command usher is the all-in-one for development and the operator's command line.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/consent"
	"github.com/vidocu/usher/services/identity"
	"github.com/vidocu/usher/services/token"

	"github.com/vidocu/usher/gateway"
)

// settings are those of every process together.
type settings struct {
	run.Settings `koanf:",squash"`
	Identity     identity.Config `koanf:"identity"`
	Authz        authz.Config    `koanf:"authz"`
	Token        token.Config    `koanf:"token"`
	Consent      consent.Config  `koanf:"consent"`
	Gateway      gateway.Config  `koanf:"gateway"`
}

func defaults() *settings {
	return &settings{
		Settings: run.Default(), Identity: identity.DefaultConfig(), Authz: authz.DefaultConfig(),
		Token: token.DefaultConfig(), Consent: consent.DefaultConfig(), Gateway: gateway.DefaultConfig(),
	}
}

type cli struct {
	File string `name:"config" help:"Settings file, YAML; the environment (USHER_…) goes before it." placeholder:"FILE" env:"USHER_CONFIG_FILE"`

	Dev     devCommand     `cmd:"" help:"Run everything in this process, with the documents' examples in it."`
	Migrate migrateCommand `cmd:"" help:"Bring the databases' schemas up to date."`
	Config  configCommand  `cmd:"" help:"List every setting with its environment variable and its default."`
}

func main() {
	var c cli
	k := kong.Parse(&c, kong.Name("usher"), kong.Description("Usher, the authorization server of a video platform."), kong.UsageOnError())
	if err := k.Run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "usher: "+err.Error())
		os.Exit(1)
	}
}
