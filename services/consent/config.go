package consent

import (
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Config is the section `consent` of the configuration.
type Config struct {
	// DatabaseURL is the database of consents: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"consent" help:"database of the consent service: postgres://… or sqlite:<path>"`
	// Retention is how long a consent is kept after it was last given. An authorization request
	// waits for its decision for a day at most.
	Retention time.Duration `koanf:"retention" bounds:"24h to 87600h, or 0s" help:"how long a decision is kept after it was last made, longer than token.family_lifetime; 0s is for ever"`
}

// DefaultConfig keeps a consent for a month longer than the longest token family that the token
// service can be configured with.
func DefaultConfig() Config { return Config{Retention: 44520 * time.Hour} }

// Validate reports a value that is out of bounds. An invalid URL fails when the database is opened.
func (c Config) Validate() error { return config.OutOfBounds(&c) }
