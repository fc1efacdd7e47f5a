package authz

import (
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/code"
)

// Config is the section `authz` of the configuration.
type Config struct {
	// DatabaseURL is where apps are kept: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"authz" help:"database of the authorization service: postgres://… or sqlite:<path>"`
	// CodeLifetime is the life of an authorization code.
	CodeLifetime time.Duration `koanf:"code_lifetime" bounds:"1s to 10m" help:"life of an authorization code (RFC 6749 §4.1.2)"`
	// PromptLifetime is how long a person may take from the app's request to the decision.
	PromptLifetime time.Duration `koanf:"prompt_lifetime" bounds:"1m to 24h" help:"how long a person may take to sign in and decide"`
	// AnonymousRequests is how many authorization requests are kept for a source address, without a session, in each window.
	AnonymousRequests int           `koanf:"anonymous_requests" help:"authorization requests that a source address (IPv6: a /64) may begin without signing in, each anonymous_window; 0 is any number"`
	AnonymousWindow   time.Duration `koanf:"anonymous_window" bounds:"1s to 24h" help:"after which they are forgotten"`
}

// DefaultConfig holds the documented lifetimes (the wire contract, §3), and lets an office of thousands sign in at once through
// one address, which may so fill a few dozen megabytes at most.
func DefaultConfig() Config {
	return Config{
		CodeLifetime: code.MaxLifetime, PromptLifetime: 30 * time.Minute, AnonymousRequests: 3000, AnonymousWindow: 5 * time.Minute,
	}
}

// Validate joins every lifetime that is out of bounds.
func (c Config) Validate() error {
	var faults []error
	for _, l := range []struct {
		name            string
		value, min, max time.Duration
	}{
		{"code_lifetime", c.CodeLifetime, time.Second, code.MaxLifetime},
		{"prompt_lifetime", c.PromptLifetime, time.Minute, 24 * time.Hour},
	} {
		if l.value < l.min || l.value > l.max {
			faults = append(faults, fmt.Errorf("%s is %s: give a duration from %s to %s", l.name, l.value, l.min, l.max))
		}
	}
	if c.AnonymousRequests < 0 {
		faults = append(faults, fmt.Errorf("anonymous_requests is %d: give a number, or 0 for any number", c.AnonymousRequests))
	}
	if c.AnonymousRequests > 0 && (c.AnonymousWindow < time.Second || c.AnonymousWindow > 24*time.Hour) {
		faults = append(faults, fmt.Errorf("anonymous_window is %s: give a duration from 1s to 24h", c.AnonymousWindow))
	}
	return errors.Join(faults...)
}
