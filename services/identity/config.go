package identity

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	minSessionLifetime     = time.Minute
	maxSessionLifetime     = 720 * time.Hour
	maxPasswordConcurrency = 64
	maxPasswordWaiting     = 4096
	maxAttempts            = 100_000
	minAttemptWindow       = time.Minute
	maxAttemptWindow       = 24 * time.Hour
	minRetention           = 24 * time.Hour
	maxRetention           = 87600 * time.Hour
)

// Config is the section `identity` of the configuration.
type Config struct {
	// DatabaseURL is where people are kept: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"identity" help:"database of the identity service: postgres://… or sqlite:<path>"`
	// SessionLifetime is how long a browser stays signed in, counted from the sign-in.
	SessionLifetime time.Duration `koanf:"session_lifetime" bounds:"1m to 720h" help:"how long a browser stays signed in"`
	// PasswordConcurrency is how many passwords are computed at once; each takes a core and 19 MiB.
	PasswordConcurrency int `koanf:"password_concurrency" bounds:"0 to 64" help:"how many passwords are checked at once, a core and 19 MiB each; 0 is half of the cores"`
	// PasswordWaiting is how many wait for their turn before others are told to come back.
	PasswordWaiting int `koanf:"password_waiting" bounds:"0 to 4096" help:"how many passwords wait to be checked before others are refused with 429; 0 is 32 for each at once"`
	// AccountAttempts and SourceAttempts are how many attempts to prove who one is may fail within a window.
	AccountAttempts int           `koanf:"account_attempts" bounds:"1 to 100000" help:"failed attempts to prove who one is, an account and account_window"`
	AccountWindow   time.Duration `koanf:"account_window" bounds:"1m to 24h" help:"after which an account's failed attempts are forgotten"`
	SourceAttempts  int           `koanf:"source_attempts" bounds:"1 to 100000" help:"the same, a source address (IPv6: a /64) and source_window"`
	SourceWindow    time.Duration `koanf:"source_window" bounds:"1m to 24h" help:"after which a source's failed attempts are forgotten"`
	// RevokedAppRetention is how long a revoked authentication app is still listed.
	RevokedAppRetention time.Duration `koanf:"revoked_app_retention" bounds:"0s to 87600h" help:"how long a revoked authentication app is still listed; 24h or more, or 0s for ever"`
}

// DefaultConfig keeps a browser signed in for a working day, leaves half of the cores to others, and lets an account's password
// be guessed at less than a thousand times a day.
func DefaultConfig() Config {
	return Config{
		SessionLifetime:     12 * time.Hour,
		RevokedAppRetention: 365 * 24 * time.Hour,
		AccountAttempts:     10, AccountWindow: 15 * time.Minute, SourceAttempts: 100, SourceWindow: 15 * time.Minute,
	}
}

// passwordConcurrency is the configured one, or half of the cores.
func (c Config) passwordConcurrency() int {
	if c.PasswordConcurrency > 0 {
		return c.PasswordConcurrency
	}
	return min(max(runtime.NumCPU()/2, 1), maxPasswordConcurrency)
}

// Validate reports values that are out of bounds.
func (c Config) Validate() error {
	var errs []error
	if c.SessionLifetime < minSessionLifetime || c.SessionLifetime > maxSessionLifetime {
		errs = append(errs, errors.New("session_lifetime must be between 1m and 720h"))
	}
	if c.PasswordConcurrency < 0 || c.PasswordConcurrency > maxPasswordConcurrency {
		errs = append(errs, errors.New("password_concurrency must be between 1 and 64, or 0 for half of the cores"))
	}
	if c.PasswordWaiting < 0 || c.PasswordWaiting > maxPasswordWaiting {
		errs = append(errs, errors.New("password_waiting must be between 1 and 4096, or 0 for 32 for each at once"))
	}
	if c.RevokedAppRetention != 0 && (c.RevokedAppRetention < minRetention || c.RevokedAppRetention > maxRetention) {
		errs = append(errs, errors.New("revoked_app_retention must be between 24h and 87600h, or 0s for ever"))
	}
	errs = append(errs, validateBudget("account", c.AccountAttempts, c.AccountWindow),
		validateBudget("source", c.SourceAttempts, c.SourceWindow))
	return errors.Join(errs...)
}

func validateBudget(of string, attempts int, window time.Duration) error {
	var errs []error
	if attempts < 1 || attempts > maxAttempts {
		errs = append(errs, fmt.Errorf("%s_attempts must be between 1 and 100000", of))
	}
	if window < minAttemptWindow || window > maxAttemptWindow {
		errs = append(errs, fmt.Errorf("%s_window must be between 1m and 24h", of))
	}
	return errors.Join(errs...)
}
