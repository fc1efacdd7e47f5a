// Command usher is the all-in-one for development and the operator's command line.
package main

import (
	"fmt"
	"os"

	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/services/activity"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/consent"
	"github.com/vidocu/usher/services/identity"
	"github.com/vidocu/usher/services/token"

	"github.com/vidocu/usher/gateway"
)

// settings are the settings of all processes.
type settings struct {
	run.Settings `koanf:",squash"`
	Identity     identity.Config `koanf:"identity"`
	Authz        authz.Config    `koanf:"authz"`
	Token        token.Config    `koanf:"token"`
	Consent      consent.Config  `koanf:"consent"`
	Activity     activity.Config `koanf:"activity"`
	Gateway      gateway.Config  `koanf:"gateway"`
}

// ValidateTogether compares what one process alone cannot: a decision that is removed while something that came of it lives would be
// asked for again.
func (s *settings) ValidateTogether() error {
	if kept, family := s.Consent.Retention, s.Token.FamilyLifetime; kept != 0 && kept <= family {
		return fmt.Errorf("consent.retention is %s: give more than token.family_lifetime, which is %s, or 0s for ever", kept, family)
	}
	return nil
}

func defaults() *settings {
	return &settings{
		Settings: run.Default(), Identity: identity.DefaultConfig(), Authz: authz.DefaultConfig(),
		Token: token.DefaultConfig(), Consent: consent.DefaultConfig(), Activity: activity.DefaultConfig(), Gateway: gateway.DefaultConfig(),
	}
}

type cli struct {
	File string `name:"config" help:"Settings file, YAML; environment variables (USHER_…) take precedence." placeholder:"FILE" env:"USHER_CONFIG_FILE"`
	admin.Options

	Dev     settingsCommand `cmd:"" help:"Run everything in one process, for development, with the users and clients of the examples."`
	Migrate migrateCommand  `cmd:"" help:"Migrate the databases' schemas, or list pending migrations."`
	Config  configCommand   `cmd:"" help:"List every setting with its environment variable and its default."`
	Doctor  doctorCommand   `cmd:"" help:"Check settings, certificate, databases, Redis, clocks and services; say what to fix."`
	Version versionCommand  `cmd:"" help:"Print the version, the commit and the Go release of this binary."`

	Completion kongcompletion.Completion `cmd:"" help:"Print the shell completion for bash, zsh or fish."`

	admin.Commands
}

// settingsCommand is a command without arguments and flags of its own.
type settingsCommand struct{ run func(*cli) error }

// Run is called by kong.
func (m settingsCommand) Run(c *cli) error { return m.run(c) }

func newCLI() *cli {
	return &cli{
		Dev:      settingsCommand{dev},
		Migrate:  migrateCommand{Up: settingsCommand{migrateUp}, Status: settingsCommand{migrateStatus}},
		Commands: admin.NewCommands(),
	}
}

func main() {
	os.Exit(execute(os.Args[1:], admin.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
