package gateway

import (
	"fmt"
	"time"
)

// Config is the section `gateway` of the configuration.
type Config struct {
	// CallTimeout bounds what a request may wait for a service.
	CallTimeout time.Duration `koanf:"call_timeout" help:"how long a request may wait for a service, 100ms to 30s"`
}

// DefaultConfig is patient enough for a password check on a busy machine.
func DefaultConfig() Config { return Config{CallTimeout: 5 * time.Second} }

// Validate reports a time-out that is out of bounds.
func (c Config) Validate() error {
	if c.CallTimeout < 100*time.Millisecond || c.CallTimeout > 30*time.Second {
		return fmt.Errorf("gateway.call_timeout is %s: give a duration from 100ms to 30s", c.CallTimeout)
	}
	return nil
}
