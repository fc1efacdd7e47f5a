package activity

import (
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Config is the section `activity` of the configuration.
type Config struct {
	// DatabaseURL is the database of the request log and the audit trail: postgres://… or
	// sqlite:<path>.
	DatabaseURL secret.String `koanf:"database_url" required:"activity" help:"database of the activity service: postgres://… or sqlite:<path>"`
	// RequestRetention and AuditRetention are how long rows are kept, in whole days. The suite of the store
	// counts the locks at their upper bounds.
	RequestRetention time.Duration `koanf:"request_retention" bounds:"24h to 720h" help:"how long the request log is kept, in whole days; PostgreSQL keeps a row up to a sixteenth longer, at least a day"`
	AuditRetention   time.Duration `koanf:"audit_retention" bounds:"720h to 87600h" help:"how long the audit trail is kept, in whole days; PostgreSQL keeps an event up to a sixteenth longer"`
}

// DefaultConfig keeps requests for 7 days and the audit trail for a year.
func DefaultConfig() Config {
	return Config{RequestRetention: 168 * time.Hour, AuditRetention: 8784 * time.Hour}
}

// Validate reports a value that is out of bounds. An invalid URL fails when the database is opened.
func (c Config) Validate() error { return config.OutOfBounds(&c) }
