package gateway

import (
	"fmt"
	"time"

	"github.com/vidocu/usher/gateway/internal/httpx"
)

// Config is the section `gateway` of the configuration.
type Config struct {
	// CallTimeout bounds what a request may wait for a service.
	CallTimeout time.Duration `koanf:"call_timeout" help:"how long a request may wait for a service, 100ms to 30s"`
	// TrustedProxies are whose X-Forwarded-For is believed, for throttling by address.
	TrustedProxies []string `koanf:"trusted_proxies" help:"networks of the proxies before the gateway, such as 10.0.0.0/8: their X-Forwarded-For is believed"`
	// UpstreamTimeout bounds the wait for the beginning of the upstream's answer. Bodies may take as long as they move.
	UpstreamTimeout time.Duration `koanf:"upstream_timeout" help:"how long upstream_url may take until its answer begins, 1s to 10m"`
	// StallTimeout bounds how long a body may stand still, whoever is to blame: the client or the upstream.
	StallTimeout time.Duration `koanf:"stall_timeout" help:"how long an upload or an answer through /v1 may stand still, 1s to 1h"`
	// ForwardBearer is for an upstream that checks the token again.
	ForwardBearer bool `koanf:"forward_bearer" help:"let the token itself go to upstream_url, and not only the identity that it proves"`
}

// DefaultConfig is patient enough for a password check on a busy machine.
func DefaultConfig() Config {
	return Config{CallTimeout: 5 * time.Second, UpstreamTimeout: time.Minute, StallTimeout: time.Minute}
}

// Validate reports a time-out that is out of bounds.
func (c Config) Validate() error {
	if c.CallTimeout < 100*time.Millisecond || c.CallTimeout > 30*time.Second {
		return fmt.Errorf("gateway.call_timeout is %s: give a duration from 100ms to 30s", c.CallTimeout)
	}
	if _, err := httpx.ParseProxies(c.TrustedProxies); err != nil {
		return fmt.Errorf("gateway.trusted_proxies: %w", err)
	}
	if c.UpstreamTimeout < time.Second || c.UpstreamTimeout > 10*time.Minute {
		return fmt.Errorf("gateway.upstream_timeout is %s: give a duration from 1s to 10m", c.UpstreamTimeout)
	}
	if c.StallTimeout < time.Second || c.StallTimeout > time.Hour {
		return fmt.Errorf("gateway.stall_timeout is %s: give a duration from 1s to 1h", c.StallTimeout)
	}
	return nil
}
