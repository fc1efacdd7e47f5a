package consent

import (
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Config is the section `consent` of the configuration.
type Config struct {
	// DatabaseURL is where decisions are kept: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"consent" help:"database of the consent service: postgres://… or sqlite:<path>"`
	// Retention is how long a decision is remembered that was not made again.
	Retention time.Duration `koanf:"retention" bounds:"0s to 87600h" help:"how long a decision is remembered that is not made again: 24h or more, and longer than token.family_lifetime, or 0s for ever"`
}

// DefaultConfig remembers a decision for a month longer than anything that came of it can live, whatever the token service is set to.
func DefaultConfig() Config { return Config{Retention: 44520 * time.Hour} }

// The bounds of Config.Retention: a request waits for its decision for a day at most, and ten years are enough.
const (
	minRetention = 24 * time.Hour
	maxRetention = 87600 * time.Hour
)

// Validate reports a value that is out of bounds. A bad URL fails where the database is opened.
func (c Config) Validate() error {
	if c.Retention != 0 && (c.Retention < minRetention || c.Retention > maxRetention) {
		return fmt.Errorf("retention is %s: give a duration from %s to %s, or 0s for ever", c.Retention, minRetention, maxRetention)
	}
	return nil
}
