package run

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/hostport"
	"github.com/vidocu/usher/internal/platform/logging"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// Settings are shared by every process of Usher. The tags are the reference
// (docs/configuration.md): the meaning of a setting, its bounds, and the processes that read or
// require it. They name the services because one settings file serves all processes.
type Settings struct {
	Development bool   `koanf:"development" help:"seed the documents' examples, allow plain http; never in production"`
	PublicURL   string `koanf:"public_url" required:"*" help:"where browsers reach Usher, and its issuer identifier (RFC 8414 §2)"`
	APIURL      string `koanf:"api_url" for:"authz token gateway" help:"where clients reach /oauth/token and /v1, when that is not public_url"`
	OpenID      bool   `koanf:"openid" for:"identity authz token consent gateway" help:"OpenID Connect: ID tokens, UserInfo and logout; it needs token.key_encryption_key; in usher dev on"`
	DCR         string `koanf:"dcr" for:"authz gateway" help:"dynamic client registration (RFC 7591): off, token (with an initial access token) or open; in usher dev open"`
	RequirePAR  bool   `koanf:"require_pushed_authorization_requests" for:"authz gateway" help:"refuse every authorization request that the client has not pushed (RFC 9126); a client may require it for itself alone"`
	UpstreamURL string `koanf:"upstream_url" for:"gateway" help:"the API behind /v1, scheme://host:port; empty: no API (in usher dev, an example)"`
	HTTPAddr    string `koanf:"http_addr" for:"gateway" required:"gateway" help:"where the gateway listens"`
	AdminAddr   string `koanf:"admin_addr" required:"*" help:"where /healthz, /readyz and /metrics listen; never public"`
	GRPCAddr    string `koanf:"grpc_addr" for:"identity authz token consent activity" required:"identity authz token consent activity" help:"where a service listens for gRPC"`
	DataDir     string `koanf:"data_dir" for:"usher" help:"where the all-in-one keeps its databases"`
	CatalogFile string `koanf:"catalog_file" help:"scopes, endpoints and plans, YAML; empty is the built-in catalog"`
	// TrustDomain is the host of every service's URI SAN.
	TrustDomain     string   `koanf:"trust_domain" required:"*" help:"trust domain of the certificates: spiffe://<trust-domain>/<service>"`
	ResourceServers []string `koanf:"resource_servers" for:"identity authz token consent" help:"names of certificates that may introspect tokens over gRPC"`
	// DrainTime is how long the process still serves after it was asked to stop.
	DrainTime time.Duration `koanf:"drain_time" bounds:"0s to 1m" help:"how long to keep serving after a stop signal, reported as not ready, so that callers notice"`
	// ClockOffset moves every clock of the process.
	ClockOffset time.Duration `koanf:"clock_offset" help:"development only: moves the clock, to watch things expire"`

	Log   logging.Config `koanf:"log"`
	TLS   mtls.Config    `koanf:"tls" required:"identity authz token consent activity gateway"`
	Redis Redis          `koanf:"redis" for:"identity authz"`
	Peers Peers          `koanf:"peers"`

	ClientDocuments ClientDocuments `koanf:"client_documents" for:"authz gateway"`

	Telemetry telemetry.Config `koanf:"telemetry"`
}

// Redis is the section `redis`.
type Redis struct {
	Addrs            []string      `koanf:"addrs" required:"identity authz" help:"host:port; several are nodes of a Cluster, or the Sentinels of master_name"`
	Cluster          bool          `koanf:"cluster" help:"a single address is a Cluster's, as managed ones give; several always are, without master_name"`
	MasterName       string        `koanf:"master_name" help:"the master's name at the Sentinels"`
	Username         string        `koanf:"username" help:"ACL user of the Redis servers"`
	Password         secret.String `koanf:"password" help:"its password"`
	SentinelUsername string        `koanf:"sentinel_username" help:"ACL user of the Sentinels, where they require one"`
	SentinelPassword secret.String `koanf:"sentinel_password" help:"password of the Sentinels, where they have one of their own"`
	TLS              bool          `koanf:"tls" help:"speak TLS to Redis, and to its Sentinels"`
	CAFile           string        `koanf:"ca_file" help:"certificate authority of Redis, PEM; empty is the system's, or in an image Mozilla's list; read again for every new connection"`
	CertFile         string        `koanf:"cert_file" help:"client certificate for Redis, PEM, where it requires one; read again for every new connection"`
	KeyFile          string        `koanf:"key_file" help:"its private key, PEM"`
	Prefix           string        `koanf:"prefix" help:"prefix of every key"`
}

// Peers is the section `peers`: the addresses of the services, host:port, or several separated by
// commas.
type Peers struct {
	Identity string `koanf:"identity" for:"authz token consent activity gateway" required:"authz token consent activity gateway" help:"address of the identity service, host:port; or several with commas between"`
	Authz    string `koanf:"authz" for:"token consent activity gateway" required:"token consent activity gateway" help:"address of the authorization service, likewise"`
	Token    string `koanf:"token" for:"consent activity gateway" required:"consent activity gateway" help:"address of the token service, likewise"`
	Consent  string `koanf:"consent" for:"activity gateway" required:"activity gateway" help:"address of the consent service, likewise"`
	Activity string `koanf:"activity" for:"gateway" help:"address of the activity service, likewise; empty: no request log"`
}

// Default returns the settings of a process in production, without the addresses that only the
// operator knows.
func Default() Settings {
	return Settings{
		DCR: "off", HTTPAddr: ":8080", AdminAddr: ":8081", GRPCAddr: ":9090", TrustDomain: "usher.internal",
		Log: logging.Config{Level: "info", Format: "json"}, Redis: Redis{Prefix: "usher:"},
		Telemetry: telemetry.DefaultConfig(), ClientDocuments: defaultClientDocuments(),
	}
}

// Common is part of Config.
func (s *Settings) Common() *Settings { return s }

// Validate joins the errors of every invalid setting. A missing one is not an error here: Missing
// reports it.
func (s *Settings) Validate() error {
	faults := []error{s.validateURL("public_url", s.PublicURL), s.validateURL("api_url", s.APIURL), validateOrigin("upstream_url", s.UpstreamURL)}
	if s.ClockOffset != 0 && !s.Development {
		faults = append(faults, errors.New("clock_offset is for development alone"))
	}
	if s.DCR != "" && s.DCR != "off" && s.DCR != "token" && s.DCR != "open" {
		faults = append(faults, errors.New("dcr must be off, token or open"))
	}
	return errors.Join(append(faults, config.OutOfBounds(s), s.validateAddrs(), s.Telemetry.Validate(), s.Log.Validate(), s.ClientDocuments.validate())...)
}

// validateAddrs parses every address as the process will.
func (s *Settings) validateAddrs() error {
	var faults []error
	for _, a := range []struct {
		name, addr string
		validate   func(string) error
	}{
		{"http_addr", s.HTTPAddr, hostport.ValidateListen},
		{"admin_addr", s.AdminAddr, hostport.ValidateListen},
		{"grpc_addr", s.GRPCAddr, hostport.ValidateListen},
		{"peers.identity", s.Peers.Identity, hostport.ValidateList},
		{"peers.authz", s.Peers.Authz, hostport.ValidateList},
		{"peers.token", s.Peers.Token, hostport.ValidateList},
		{"peers.consent", s.Peers.Consent, hostport.ValidateList},
		{"peers.activity", s.Peers.Activity, hostport.ValidateList},
		{"redis.addrs", strings.Join(s.Redis.Addrs, ","), hostport.ValidateList},
	} {
		if a.addr == "" {
			continue
		}
		if err := a.validate(a.addr); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", a.name, err))
		}
	}
	return errors.Join(faults...)
}

// validateURL checks for an origin: the paths below it are fixed. Browsers must never send codes
// and cookies unencrypted.
func (s *Settings) validateURL(name, value string) error {
	if err := validateOrigin(name, value); err != nil {
		return err
	}
	if value != "" && !strings.HasPrefix(value, "https://") && !s.Development {
		return fmt.Errorf("%s must begin with https:// in production", name)
	}
	return nil
}

// validateOrigin checks for scheme, host and port only; an empty value is valid.
func validateOrigin(name, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("%s must be an address such as https://login.example.com", name)
	}
	if value != u.Scheme+"://"+u.Host {
		return fmt.Errorf("%s must begin with the scheme in lower case and end after the host and port", name)
	}
	return nil
}

// Certificate returns the files of the process's certificate, and its trust domain.
func (s *Settings) Certificate() mtls.Config {
	files := s.TLS
	files.TrustDomain = s.TrustDomain
	return files
}

// Now returns the process's time.
func (s *Settings) Now() time.Time { return time.Now().Add(s.ClockOffset) }

func (s *Settings) peer(service string) string {
	return map[string]string{
		"identity": s.Peers.Identity, "authz": s.Peers.Authz, "token": s.Peers.Token, "consent": s.Peers.Consent,
		"activity": s.Peers.Activity,
	}[service]
}
