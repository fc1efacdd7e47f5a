package gateway

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/vidocu/usher/gateway/internal/httpx"
)

// Config is the section `gateway` of the configuration.
type Config struct {
	// CallTimeout bounds what a request may wait for a service.
	CallTimeout time.Duration `koanf:"call_timeout" bounds:"100ms to 30s" help:"how long a request may wait for a service"`
	// TrustedProxies are whose X-Forwarded-For is believed, for throttling by address.
	TrustedProxies []string `koanf:"trusted_proxies" help:"networks of the proxies before the gateway, such as 10.0.0.0/8: their X-Forwarded-For is believed"`
	// UpstreamTimeout bounds the wait for the beginning of the upstream's answer. Bodies may take as long as they move.
	UpstreamTimeout time.Duration `koanf:"upstream_timeout" bounds:"1s to 10m" help:"how long upstream_url may take until its answer begins"`
	// StallTimeout bounds how long a body may stand still, whoever is to blame: the client or the upstream.
	StallTimeout time.Duration `koanf:"stall_timeout" bounds:"1s to 1h" help:"how long an upload or an answer through /v1 may stand still"`
	// SecurityContact and SecurityExpires stand in security.txt (RFC 9116).
	SecurityContact []string `koanf:"security_contact" help:"where security problems are reported, for /.well-known/security.txt: mailto:, https: or tel: addresses, the preferred one first; without any there is no such file"`
	SecurityExpires string   `koanf:"security_expires" help:"until when security_contact is good, such as 2027-06-30T00:00:00Z (RFC 9116 recommends less than a year): afterwards there is no such file"`
	// ForwardBearer is for an upstream that checks the token again.
	ForwardBearer bool `koanf:"forward_bearer" help:"let the token itself go to upstream_url, and not only the identity that it proves"`
}

// DefaultConfig is patient enough for a password check on a busy machine.
func DefaultConfig() Config {
	return Config{CallTimeout: 5 * time.Second, UpstreamTimeout: time.Minute, StallTimeout: time.Minute}
}

// Validate joins what is out of bounds, by its name.
func (c Config) Validate() error {
	var faults []error
	if c.CallTimeout < 100*time.Millisecond || c.CallTimeout > 30*time.Second {
		faults = append(faults, fmt.Errorf("call_timeout is %s: give a duration from 100ms to 30s", c.CallTimeout))
	}
	if _, err := httpx.ParseProxies(c.TrustedProxies); err != nil {
		faults = append(faults, fmt.Errorf("trusted_proxies: %w", err))
	}
	if c.UpstreamTimeout < time.Second || c.UpstreamTimeout > 10*time.Minute {
		faults = append(faults, fmt.Errorf("upstream_timeout is %s: give a duration from 1s to 10m", c.UpstreamTimeout))
	}
	if c.StallTimeout < time.Second || c.StallTimeout > time.Hour {
		faults = append(faults, fmt.Errorf("stall_timeout is %s: give a duration from 1s to 1h", c.StallTimeout))
	}
	return errors.Join(append(faults, c.checkSecurity())...)
}

// checkSecurity names what security.txt must not hold.
func (c Config) checkSecurity() error {
	var faults []error
	for _, contact := range c.SecurityContact {
		u, err := url.Parse(contact)
		if err != nil || u.Scheme != "https" && u.Scheme != "mailto" && u.Scheme != "tel" || strings.ContainsFunc(contact, unicode.IsSpace) {
			faults = append(faults, errors.New("security_contact: give addresses such as mailto:security@example.com or https://example.com/security"))
		}
	}
	if len(c.SecurityContact) > 0 && c.securityExpiry().IsZero() {
		faults = append(faults, errors.New("security_expires: give a time such as 2027-06-30T00:00:00Z"))
	}
	return errors.Join(faults...)
}

// securityExpiry is SecurityExpires; zero when it cannot be read.
func (c Config) securityExpiry() time.Time {
	at, err := time.Parse(time.RFC3339, c.SecurityExpires)
	if err != nil {
		return time.Time{}
	}
	return at
}
