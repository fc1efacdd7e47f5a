package gateway

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/httpserver"
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
	// IdleTimeout must be longer than what stands before the gateway keeps its connections: what it sends on one that is just
	// being closed is lost.
	IdleTimeout time.Duration `koanf:"idle_timeout" bounds:"1s to 2h" help:"how long a connection may wait for its next request; longer than the load balancer keeps its own (Google Cloud 600s, Envoy 1h)"`
	// ForwardBearer is for an upstream that checks the token again.
	ForwardBearer bool `koanf:"forward_bearer" help:"let the token itself go to upstream_url, and not only the identity that it proves"`
	// LogRefusals writes a line for each refused request. Each is counted in any case.
	LogRefusals bool `koanf:"log_refusals" help:"log each refused request with its cause at info, as in development; otherwise at debug"`
	// ErrorDocsURL is a page with an anchor for each public error; it becomes error_uri (RFC 6749 §5.2).
	ErrorDocsURL string `koanf:"error_docs_url" help:"a page that explains errors to authors: form responses get error_uri, this address with #invalid_grant and the like; empty: none"`
}

// DefaultConfig is patient enough for a password check on a busy machine.
func DefaultConfig() Config {
	return Config{
		CallTimeout: 5 * time.Second, UpstreamTimeout: time.Minute, StallTimeout: time.Minute, IdleTimeout: httpserver.DefaultIdleTimeout,
	}
}

// Validate joins what is out of bounds, by its name.
func (c Config) Validate() error {
	faults := []error{config.OutOfBounds(&c), validateErrorDocs(c.ErrorDocsURL)}
	if _, err := httpx.ParseProxies(c.TrustedProxies); err != nil {
		faults = append(faults, fmt.Errorf("trusted_proxies: %w", err))
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

// validateErrorDocs wants an address that an anchor can be added to, in the characters that error_uri may have.
func validateErrorDocs(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(address, "#\"\\ ") {
		return errors.New("error_docs_url must be an address without a fragment, such as https://developers.example.com/errors")
	}
	for i := range len(address) {
		if address[i] < '!' || address[i] > '~' {
			return errors.New("error_docs_url must be in ASCII: percent-encode it")
		}
	}
	return nil
}
