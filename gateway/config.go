package gateway

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/vidocu/usher/gateway/internal/brand"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/httpserver"
)

// Config is the section `gateway` of the configuration.
type Config struct {
	// CallTimeout is the timeout of a request's calls to the services.
	CallTimeout time.Duration `koanf:"call_timeout" bounds:"100ms to 30s" help:"timeout of a request's calls to the services"`
	// TrustedProxies are the networks whose X-Forwarded-For is trusted, for throttling by address.
	TrustedProxies []string `koanf:"trusted_proxies" help:"networks of the proxies before the gateway, such as 10.0.0.0/8: their X-Forwarded-For is trusted"`
	// UpstreamTimeout is the timeout until the header of the upstream's response. A body may take
	// longer as long as bytes arrive.
	UpstreamTimeout time.Duration `koanf:"upstream_timeout" bounds:"1s to 10m" help:"timeout until upstream_url begins its response"`
	// StallTimeout is how long a body may make no progress, because of the client or of the
	// upstream.
	StallTimeout time.Duration `koanf:"stall_timeout" bounds:"1s to 1h" help:"timeout of an upload or a response through /v1 that makes no progress"`
	// SecurityContact and SecurityExpires are fields of security.txt (RFC 9116).
	SecurityContact []string `koanf:"security_contact" help:"contacts for security reports in /.well-known/security.txt: mailto:, https: or tel: addresses, the preferred one first; without any, the path responds 404"`
	SecurityExpires string   `koanf:"security_expires" help:"expiry of security.txt, such as 2027-06-30T00:00:00Z (RFC 9116 recommends less than a year): afterwards the path responds 404"`
	// IdleTimeout must be longer than the keep-alive timeout of the proxy before the gateway: a
	// request that the proxy sends on a connection that is just being closed is lost.
	IdleTimeout time.Duration `koanf:"idle_timeout" bounds:"1s to 2h" help:"keep-alive timeout of a connection without a request; longer than the load balancer's own (Google Cloud 600s, Envoy 1h)"`
	// ForwardBearer passes the token to an upstream that validates it again.
	ForwardBearer bool `koanf:"forward_bearer" help:"pass the Authorization header to upstream_url, besides the Usher- headers with the token's identity"`
	// LogRefusals logs each refused request at the level INFO and not at DEBUG. The metric counts
	// each in any case.
	LogRefusals bool `koanf:"log_refusals" help:"log each refused request with its cause at info, as in development; otherwise at debug"`
	// ErrorDocsURL is a page with an anchor for each error code. It becomes error_uri (RFC 6749
	// §5.2).
	ErrorDocsURL string `koanf:"error_docs_url" help:"a page that explains errors to developers of clients: form responses contain error_uri, this address with #invalid_grant and the like; it may be /docs/errors of public_url; empty: none"`
	// ProductName is the name that users know.
	ProductName string `koanf:"product_name" help:"name of the product on the pages"`
	// AccentColor is the colour of what acts on the pages.
	AccentColor string `koanf:"accent_color" help:"colour of buttons and links on the pages, such as #3b4cd6, with a contrast of at least 4.5 to the background; dark pages get a lighter one; empty: the built-in one"`
	// LogoFile is an image in the place of the product's sign.
	LogoFile string `koanf:"logo_file" help:"image beside the product's name on the pages: a PNG, JPEG or GIF of at most 256 KiB and 1,024 pixels, read at the start; empty: the built-in one"`
	// SupportURL, PrivacyURL and TermsURL are links below the pages.
	SupportURL string `koanf:"support_url" help:"link for help below the pages, an https: or mailto: address; empty: none"`
	PrivacyURL string `koanf:"privacy_url" help:"link to the privacy policy below the pages; empty: none"`
	TermsURL   string `koanf:"terms_url" help:"link to the terms of service below the pages; empty: none"`
	// ReportURL is the link with which users report a client.
	ReportURL string `koanf:"report_url" help:"where users report an app from the consent page, an https: address, which gets the parameter client_id, or a mailto: address, with the client as subject; empty: none"`
}

// DefaultConfig returns timeouts that are long enough for a password check on a busy machine.
func DefaultConfig() Config {
	return Config{
		CallTimeout: 5 * time.Second, UpstreamTimeout: time.Minute, StallTimeout: time.Minute, IdleTimeout: httpserver.DefaultIdleTimeout,
		ProductName: "Vidocu",
	}
}

// Validate returns the errors of all settings that are out of bounds, each with the setting's name.
func (c Config) Validate() error {
	faults := []error{config.OutOfBounds(&c), validateErrorDocs(c.ErrorDocsURL)}
	if _, err := httpx.ParseProxies(c.TrustedProxies); err != nil {
		faults = append(faults, fmt.Errorf("trusted_proxies: %w", err))
	}
	return errors.Join(append(faults, c.validateSecurity(), c.validatePages())...)
}

// validatePages validates the settings of what every page shows.
func (c Config) validatePages() error {
	var faults []error
	if c.AccentColor != "" {
		if _, err := brand.ParseAccent(c.AccentColor); err != nil {
			faults = append(faults, fmt.Errorf("accent_color: %w", err))
		}
	}
	if page.Name(c.ProductName) != c.ProductName {
		faults = append(faults, errors.New("product_name: give a name of at most 256 printable characters"))
	}
	for name, address := range map[string]string{"support_url": c.SupportURL, "privacy_url": c.PrivacyURL, "terms_url": c.TermsURL, "report_url": c.ReportURL} {
		u, err := url.Parse(address)
		web := err == nil && u.Scheme == "https" && u.Host != ""
		mail := err == nil && u.Scheme == "mailto" && u.Opaque != "" && (name == "support_url" || name == "report_url")
		if address != "" && !web && !mail || strings.ContainsFunc(address, unicode.IsSpace) {
			faults = append(faults, fmt.Errorf("%s: give an address such as https://example.com/help", name))
		}
	}
	return errors.Join(faults...)
}

// brand returns what every page shows. It reads the logo.
func (c Config) brand() (page.Brand, error) {
	shown := page.Brand{Product: c.ProductName, Report: c.ReportURL}
	var err error
	if c.AccentColor != "" {
		if shown.Palette, err = brand.ParseAccent(c.AccentColor); err != nil {
			return page.Brand{}, fmt.Errorf("accent_color: %w", err)
		}
	}
	if c.LogoFile != "" {
		if shown.Logo, err = brand.ReadLogo(c.LogoFile); err != nil {
			return page.Brand{}, fmt.Errorf("logo_file: %w", err)
		}
	}
	for _, link := range []page.Link{{Address: c.PrivacyURL, Text: "Privacy"}, {Address: c.TermsURL, Text: "Terms"}, {Address: c.SupportURL, Text: "Help"}} {
		if link.Address != "" {
			shown.Links = append(shown.Links, link)
		}
	}
	return shown, nil
}

// validateSecurity validates the settings of security.txt.
func (c Config) validateSecurity() error {
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

// securityExpiry returns SecurityExpires, and the zero time where it cannot be parsed.
func (c Config) securityExpiry() time.Time {
	at, err := time.Parse(time.RFC3339, c.SecurityExpires)
	if err != nil {
		return time.Time{}
	}
	return at
}

// validateErrorDocs checks that an anchor can be added to the address, and that error_uri may
// contain its characters (RFC 6749 §5.2).
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
