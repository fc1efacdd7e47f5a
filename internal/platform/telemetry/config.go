package telemetry

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/vidocu/usher/internal/platform/authorities"
)

// Config is the section `telemetry` of the configuration. The zero value disables tracing.
type Config struct {
	// OTLPEndpoint is the collector of traces, over gRPC.
	OTLPEndpoint string `koanf:"otlp_endpoint" help:"OpenTelemetry collector for traces, over gRPC: https://host:4317, or http:// without TLS; empty traces nothing"`
	// OTLPCAFile is the authority of the collector's certificate.
	OTLPCAFile string `koanf:"otlp_ca_file" help:"certificate authority of the collector, PEM; empty is the system's, or in an image Mozilla's list"`
	// SampleRatio is the share of requests that are sampled, decided where a request arrives.
	SampleRatio float64 `koanf:"sample_ratio" bounds:"0 to 1" help:"share of the requests that are traced"`
	// Profiles serves pprof on the admin listener.
	Profiles bool `koanf:"profiles" help:"serve /debug/pprof at admin_addr; in development it always is"`
}

// DefaultConfig samples one request in ten if there is a collector.
func DefaultConfig() Config { return Config{SampleRatio: 0.1} }

// Validate reports invalid settings by name.
func (c Config) Validate() error {
	if c.OTLPEndpoint == "" {
		if c.OTLPCAFile != "" {
			return errors.New("telemetry.otlp_ca_file is set and telemetry.otlp_endpoint is not: set both or neither")
		}
		return nil
	}
	u, err := url.Parse(c.OTLPEndpoint)
	if err != nil || u.Hostname() == "" || u.Port() == "" || (u.Scheme != "https" && u.Scheme != "http") || c.OTLPEndpoint != u.Scheme+"://"+u.Host {
		return errors.New("telemetry.otlp_endpoint must be scheme, host and port, such as https://collector.example.com:4317")
	}
	if u.Scheme == "http" && c.OTLPCAFile != "" {
		return errors.New("telemetry.otlp_ca_file is for an https:// telemetry.otlp_endpoint")
	}
	return nil
}

// CheckFiles reads the file that the section names, by its setting.
func (c Config) CheckFiles() error {
	_, err := c.roots()
	return err
}

// roots returns the authority of the collector's certificate: the system's, or those that are
// compiled in, where no file is named.
func (c Config) roots() (*x509.CertPool, error) {
	if c.OTLPCAFile == "" {
		return authorities.Default(), nil
	}
	pem, err := os.ReadFile(c.OTLPCAFile)
	if err != nil {
		return nil, fmt.Errorf("telemetry.otlp_ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("telemetry.otlp_ca_file: no certificate in %s", c.OTLPCAFile)
	}
	return pool, nil
}
