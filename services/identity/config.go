package identity

import (
	"runtime"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/secret"
)

// maxPasswordConcurrency is also the setting's upper bound.
const maxPasswordConcurrency = 64

// Config is the section `identity` of the configuration.
type Config struct {
	// DatabaseURL is the database of the users: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"identity" help:"database of the identity service: postgres://… or sqlite:<path>"`
	// SessionLifetime is how long a browser stays signed in, counted from the sign-in.
	SessionLifetime time.Duration `koanf:"session_lifetime" bounds:"1m to 720h" help:"how long a browser stays signed in"`
	// PasswordConcurrency is how many passwords are hashed concurrently; each takes a core and 19
	// MiB.
	PasswordConcurrency int `koanf:"password_concurrency" bounds:"0 to 64" help:"how many passwords are checked at once, a core and 19 MiB each; 0 is half of the cores"`
	// PasswordWaiting is how many passwords may wait to be hashed before further ones are refused.
	PasswordWaiting int `koanf:"password_waiting" bounds:"0 to 4096" help:"how many passwords wait to be checked before others are refused with 429; 0 is 32 for each at once"`
	// AccountAttempts and SourceAttempts are how many authentication attempts may fail within a
	// window.
	AccountAttempts int           `koanf:"account_attempts" bounds:"1 to 100000" help:"failed authentication attempts of an account within account_window before others are refused"`
	AccountWindow   time.Duration `koanf:"account_window" bounds:"1m to 24h" help:"the window of account_attempts and account_sign_ins"`
	// AccountSignIns is how many sign-ins may succeed within a window.
	AccountSignIns int           `koanf:"account_sign_ins" bounds:"0 to 100000" help:"sign-ins of an account within account_window, in browsers and at the user API, before others are refused; 0, as in usher dev, is no limit"`
	SourceAttempts int           `koanf:"source_attempts" bounds:"1 to 100000" help:"failed authentication attempts of a source address (IPv6: a /64) within source_window before others are refused"`
	SourceWindow   time.Duration `koanf:"source_window" bounds:"1m to 24h" help:"the window of source_attempts"`
	// RevokedAppRetention is how long a revoked authentication app is still listed.
	RevokedAppRetention time.Duration `koanf:"revoked_app_retention" bounds:"24h to 87600h, or 0s" help:"how long a revoked authentication app is still listed; 0s is for ever"`
	// ActivityRetention is how long the events of an account are kept for its user.
	ActivityRetention time.Duration `koanf:"activity_retention" bounds:"24h to 87600h" help:"how long sign-ins, failed ones and changes of the password are listed on the page Activity"`
}

// DefaultConfig keeps a browser signed in for a working day, leaves half of the cores to other
// work, and allows fewer than a thousand password guesses per account and day. A person signs in some
// times a day, and a program that asks for a user token before each of its jobs some times a minute.
func DefaultConfig() Config {
	return Config{
		SessionLifetime:     12 * time.Hour,
		RevokedAppRetention: 365 * 24 * time.Hour,
		ActivityRetention:   90 * 24 * time.Hour,
		AccountSignIns:      300,
		AccountAttempts:     10, AccountWindow: 15 * time.Minute, SourceAttempts: 100, SourceWindow: 15 * time.Minute,
	}
}

// passwordConcurrency returns the configured value, or half of the cores.
func (c Config) passwordConcurrency() int {
	if c.PasswordConcurrency > 0 {
		return c.PasswordConcurrency
	}
	return min(max(runtime.NumCPU()/2, 1), maxPasswordConcurrency)
}

// Validate returns an error that names every setting out of bounds.
func (c Config) Validate() error { return config.OutOfBounds(&c) }
