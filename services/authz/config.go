package authz

import (
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/code"
)

// Config is the section `authz` of the configuration.
type Config struct {
	// DatabaseURL is the database of the registered clients: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"authz" help:"database of the authorization service: postgres://… or sqlite:<path>"`
	// CodeLifetime is the life of an authorization code.
	CodeLifetime time.Duration `koanf:"code_lifetime" bounds:"1s to 10m" help:"life of an authorization code (RFC 6749 §4.1.2)"`
	// PromptLifetime is how long a user may take from the authorization request to the decision.
	PromptLifetime time.Duration `koanf:"prompt_lifetime" bounds:"1m to 24h" help:"how long a person may take to sign in and decide"`
	// AnonymousRequests is how many authorization requests without a session are stored for a
	// source address in each window.
	AnonymousRequests int           `koanf:"anonymous_requests" bounds:"0 or more" help:"authorization requests that a source address (IPv6: a /64) may begin without signing in, each anonymous_window; 0 is any number"`
	AnonymousWindow   time.Duration `koanf:"anonymous_window" bounds:"1s to 24h" help:"the window of anonymous_requests"`
	// UserRequests is the same for each user who is signed in.
	UserRequests int           `koanf:"user_requests" bounds:"0 or more" help:"authorization requests that a user who is signed in may begin, each user_window; 0 is any number"`
	UserWindow   time.Duration `koanf:"user_window" bounds:"1s to 24h" help:"the window of user_requests"`
	// SourceAttempts and ClientAttempts are how many client authentications may fail within a
	// window before the response is 429.
	SourceAttempts int           `koanf:"source_attempts" bounds:"0 or more" help:"failed client authentications of a source address (IPv6: a /64), each source_window, before the response is 429; 0 is any number"`
	SourceWindow   time.Duration `koanf:"source_window" bounds:"1s to 24h" help:"the window of source_attempts"`
	ClientAttempts int           `koanf:"client_attempts" bounds:"0 or more" help:"failed client authentications in a client's name, each client_window, before the response is 429; 0 is any number. A right secret is accepted all the same"`
	ClientWindow   time.Duration `koanf:"client_window" bounds:"1s to 24h" help:"the window of client_attempts"`
	// DeviceCodeLifetime is the life of a device code and of its user code, and DevicePollInterval
	// how long a device waits between two polls at least (RFC 8628 §3.2).
	DeviceCodeLifetime time.Duration `koanf:"device_code_lifetime" bounds:"1m to 30m" help:"life of the codes of a device that wants to be connected (RFC 8628 §3.2)"`
	DevicePollInterval time.Duration `koanf:"device_poll_interval" bounds:"1s to 1m" help:"how long such a device waits between two polls at least"`
	// UserCodeAttempts and UserCodeSourceAttempts are how many wrong user codes of devices may be
	// entered within a window before the response is 429.
	UserCodeAttempts       int           `koanf:"user_code_attempts" bounds:"0 or more" help:"wrong codes of devices that a user may enter, each user_code_window, before no code is looked up; 0 is any number"`
	UserCodeSourceAttempts int           `koanf:"user_code_source_attempts" bounds:"0 or more" help:"the same of a source address (IPv6: a /64); 0 is any number"`
	UserCodeWindow         time.Duration `koanf:"user_code_window" bounds:"1s to 24h" help:"the window of user_code_attempts and user_code_source_attempts"`
	// ReservedNames are the product's own names. A client whose name equals or resembles one of
	// them is registered only if the operator allows it.
	ReservedNames []string `koanf:"reserved_names" help:"names, such as the product's, that no app may have or look like unless the operator allows it for that app"`
	// PrivateUseSchemes are the schemes of known native clients that are not reversed domain names,
	// against the advice of RFC 8252 §7.1.
	PrivateUseSchemes []string `koanf:"private_use_schemes" help:"schemes without a dot that redirect URIs may have, besides reversed domain names such as com.example.app"`
	// WorkspaceApps is how many clients a workspace may own, and UnverifiedUsers how many users may
	// approve one of them that is not verified.
	WorkspaceApps   int `koanf:"workspace_apps" bounds:"0 or more" help:"apps that a workspace may register in the developer console; 0 is any number"`
	UnverifiedUsers int `koanf:"unverified_people" bounds:"0 or more" help:"people who may connect such an app before the operator has verified it; 0 is any number"`
	// DCRScopes and the following are for clients that register themselves (RFC 7591).
	DCRScopes []string `koanf:"dcr_scopes" help:"scopes that clients which register themselves may request; empty: those that the protected resources of the catalog need at least, and in usher dev those of OpenID Connect"`
	// DCROpenID adds those of OpenID Connect where DCRScopes is empty.
	DCROpenID bool `koanf:"-"`
	// DCRUsers is how many users may use such a client, which is not verified.
	DCRUsers int `koanf:"dcr_users" bounds:"0 or more" help:"people who may use a client that registered itself; 0 is any number"`
	// DCRClients is how many such clients there may be.
	DCRClients int `koanf:"dcr_clients" bounds:"0 or more" help:"clients that registered themselves; more registrations get 503; 0 is any number"`
	// DCRSourceLimit and DCRNetworkLimit are how many registrations are accepted within DCRWindow.
	DCRSourceLimit  int `koanf:"dcr_source_limit" bounds:"0 or more" help:"registrations of a source address (IPv6: a /64) each dcr_window, before the response is 429; 0 is any number"`
	DCRNetworkLimit int `koanf:"dcr_network_limit" bounds:"0 or more" help:"registrations of a network (IPv4: a /24, IPv6: a /48) each dcr_window; 0 is any number"`
	// DCRUpdateLimit is how many updates of one client are accepted within DCRWindow.
	DCRUpdateLimit int           `koanf:"dcr_update_limit" bounds:"0 or more" help:"changes that a client may make to its registration each dcr_window, before the response is 429; they count as registrations of their source too; 0 is any number"`
	DCRWindow      time.Duration `koanf:"dcr_window" bounds:"1s to 24h" help:"the window of dcr_source_limit, dcr_network_limit and dcr_update_limit"`
	// DCRAbandoned, DCRUnused and DCRRemoved are after how long such a client is deleted.
	DCRAbandoned time.Duration `koanf:"dcr_abandoned" bounds:"1h to 720h" help:"after which a client that registered itself is deleted if no person has allowed it access"`
	DCRUnused    time.Duration `koanf:"dcr_unused" bounds:"24h to 8760h" help:"after which a client that registered itself is disabled, from the expiry of the last grant"`
	DCRRemoved   time.Duration `koanf:"dcr_removed" bounds:"1h to 8760h" help:"after which such a client is deleted, from when it was disabled"`
}

// DefaultConfig returns the documented lifetimes (docs/wire-contract.md §3). Its limits let an
// office of thousands sign in at once through one source address, which can thereby fill a few
// dozen megabytes at most.
func DefaultConfig() Config {
	return Config{
		CodeLifetime: code.MaxLifetime, PromptLifetime: 30 * time.Minute, AnonymousRequests: 3000, AnonymousWindow: 5 * time.Minute,
		UserRequests: 300, UserWindow: 5 * time.Minute,
		SourceAttempts: 100, SourceWindow: 15 * time.Minute, ClientAttempts: 1000, ClientWindow: 15 * time.Minute,
		DeviceCodeLifetime: 15 * time.Minute, DevicePollInterval: 5 * time.Second,
		UserCodeAttempts: 5, UserCodeSourceAttempts: 20, UserCodeWindow: 10 * time.Minute,
		ReservedNames: []string{"Vidocu"}, PrivateUseSchemes: []string{"cursor", "vscode", "vscode-insiders", "windsurf"},
		WorkspaceApps: 20, UnverifiedUsers: 100,
		DCRUsers: 25, DCRClients: 100_000, DCRSourceLimit: 20, DCRNetworkLimit: 100, DCRUpdateLimit: 20, DCRWindow: time.Hour,
		DCRAbandoned: 24 * time.Hour, DCRUnused: 90 * 24 * time.Hour, DCRRemoved: 30 * 24 * time.Hour,
	}
}

// Validate returns an error that names every setting out of bounds, and every scheme that must not
// be allowed.
func (c Config) Validate() error {
	faults := []error{config.OutOfBounds(&c)}
	for _, scheme := range c.PrivateUseSchemes {
		if err := oauth.CheckPrivateUseScheme(scheme); err != nil {
			faults = append(faults, fmt.Errorf("private_use_schemes: %w", err))
		}
	}
	return errors.Join(faults...)
}
