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

	Dev     devCommand     `cmd:"" help:"Run everything in one process, for development, with the users and clients of the examples."`
	Migrate migrateCommand `cmd:"" help:"Migrate the databases' schemas, or list pending migrations."`
	Config  configCommand  `cmd:"" help:"List every setting with its environment variable and its default."`
	Doctor  doctorCommand  `cmd:"" help:"Check settings, certificate, databases, Redis, clocks and services; say what to fix."`
	Version versionCommand `cmd:"" help:"Print the version, the commit and the Go release of this binary."`

	Completion kongcompletion.Completion `cmd:"" help:"Print the shell completion for bash, zsh or fish."`

	Users              admin.Users              `cmd:"" group:"administration" help:"Users: create, list, show, disable, enable, unlock, set-password."`
	Workspaces         admin.Workspaces         `cmd:"" group:"administration" help:"Workspaces and their plans: create, list, set-plan."`
	Members            admin.Members            `cmd:"" group:"administration" help:"Members of a workspace: add, remove, list."`
	Clients            admin.Clients            `cmd:"" group:"administration" help:"OAuth clients: create, list, show, update, rotate-secret, revoke-old-secret, disable, enable."`
	Grants             admin.Grants             `cmd:"" group:"administration" help:"Grants of users to clients: list, revoke."`
	Tokens             admin.Tokens             `cmd:"" group:"administration" help:"A token, read from standard input: inspect, revoke."`
	Logouts            admin.Logouts            `cmd:"" group:"administration" help:"The log of logout tokens that clients got: list."`
	Revocations        admin.Revocations        `cmd:"" group:"administration" help:"The revocation log: list, tail."`
	AuthApps           admin.AuthApps           `cmd:"" group:"administration" help:"Authentication apps: create, list, rotate, revoke."`
	RegistrationTokens admin.RegistrationTokens `cmd:"" group:"administration" help:"Tokens with which clients register themselves: create, list, revoke."`
	APIKeys            admin.APIKeys            `cmd:"" name:"api-keys" group:"administration" help:"API keys of workspaces: create, list, revoke."`
	Audit              admin.Audit              `cmd:"" group:"administration" help:"The audit trail: every change, with who made it, before and after."`
	Requests           admin.Requests           `cmd:"" group:"administration" help:"The log of the requests to the OAuth endpoints, with the cause of each refusal."`
	Catalog            admin.Catalog            `cmd:"" group:"administration" help:"Scopes, endpoints and plans: show, check."`
}

func main() {
	os.Exit(execute(os.Args[1:], admin.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
