package identity

import (
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	minSessionLifetime     = time.Minute
	maxSessionLifetime     = 720 * time.Hour
	maxPasswordConcurrency = 64
)

// Config is the section `identity` of the configuration.
type Config struct {
	// DatabaseURL is where people are kept: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" help:"database of the identity service: postgres://… or sqlite:<path>"`
	// SessionLifetime is how long a browser stays signed in, counted from the sign-in.
	SessionLifetime time.Duration `koanf:"session_lifetime" help:"how long a browser stays signed in, 1m to 720h"`
	// PasswordConcurrency is how many passwords are computed at once; each takes a core and 19 MiB.
	PasswordConcurrency int `koanf:"password_concurrency" help:"how many passwords are checked at once, a core and 19 MiB each, 1 to 64"`
}

// DefaultConfig keeps a browser signed in for a working day.
func DefaultConfig() Config {
	return Config{SessionLifetime: 12 * time.Hour, PasswordConcurrency: 2}
}

// Validate reports values that are out of bounds.
func (c Config) Validate() error {
	var errs []error
	if c.SessionLifetime < minSessionLifetime || c.SessionLifetime > maxSessionLifetime {
		errs = append(errs, errors.New("session_lifetime must be between 1m and 720h"))
	}
	if c.PasswordConcurrency < 1 || c.PasswordConcurrency > maxPasswordConcurrency {
		errs = append(errs, errors.New("password_concurrency must be between 1 and 64"))
	}
	return errors.Join(errs...)
}
