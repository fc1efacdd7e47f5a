package consent

import (
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Config is the section `consent` of the configuration.
type Config struct {
	// DatabaseURL is where decisions are kept: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"consent" help:"database of the consent service: postgres://… or sqlite:<path>"`
	// Retention is how long a decision is remembered that was not made again. A request waits for
	// its decision for a day at most.
	Retention time.Duration `koanf:"retention" bounds:"24h to 87600h, or 0s" help:"how long a decision is remembered that is not made again, longer than token.family_lifetime; 0s is for ever"`
}

// DefaultConfig remembers a decision for a month longer than anything that came of it can live,
// whatever the token service is set to.
func DefaultConfig() Config { return Config{Retention: 44520 * time.Hour} }

// Validate reports a value that is out of bounds. A bad URL fails where the database is opened.
func (c Config) Validate() error { return config.OutOfBounds(&c) }
