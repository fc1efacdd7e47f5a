package consent

import "github.com/vidocu/usher/internal/platform/secret"

// Config is the section `consent` of the configuration.
type Config struct {
	// DatabaseURL is where decisions are kept: postgres://… or sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"consent" help:"database of the consent service: postgres://… or sqlite:<path>"`
}

// DefaultConfig holds nothing: where the database is, the operator or the all-in-one says.
func DefaultConfig() Config { return Config{} }

// Validate finds nothing wrong: the service has no bounds of its own, and a bad URL fails where the database is opened.
func (c Config) Validate() error { return nil }
