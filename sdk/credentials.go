package usher

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
)

// Certificate says where a resource server's certificate lies. The files are read again at every handshake, so that they can be
// replaced in place.
type Certificate struct {
	// CertFile and KeyFile are the resource server's own, PEM: one URI SAN, `spiffe://<trust-domain>/<name>`, whose name the token
	// service knows as a resource server.
	CertFile, KeyFile string
	// CAFile is the certificate authority of the trust domain, PEM.
	CAFile string
	// TrustDomain is the host of every URI SAN.
	TrustDomain string
}

// Credentials are for Dial: they present the certificate and accept nobody at the other end but the token service,
// `spiffe://<trust-domain>/token`. It reads the files once, to fail early.
func (c Certificate) Credentials() (credentials.TransportCredentials, error) {
	if c.TrustDomain == "" {
		return nil, errors.New("the trust domain is missing")
	}
	if _, err := c.own(); err != nil {
		return nil, err
	}
	if _, err := c.authority(); err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion:           tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.own() },
		// The service's name stands in its URI SAN, which crypto/tls does not match: VerifyConnection does it all.
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection:   func(s tls.ConnectionState) error { return c.verify(s.PeerCertificates) },
	}), nil
}

func (c Certificate) own() (*tls.Certificate, error) {
	own, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	return &own, nil
}

func (c Certificate) authority() (*x509.CertPool, error) {
	text, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", c.CAFile)
	}
	return pool, nil
}

// verify accepts a chain that ends at the authority and begins with the token service.
func (c Certificate) verify(chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("the other end has no certificate")
	}
	roots, err := c.authority()
	if err != nil {
		return err
	}
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if _, err := chain[0].Verify(options); err != nil {
		return fmt.Errorf("the other end is not of this trust domain: %w", err)
	}
	if want := "spiffe://" + c.TrustDomain + "/token"; len(chain[0].URIs) != 1 || chain[0].URIs[0].String() != want {
		return fmt.Errorf("the other end is not %s", want)
	}
	return nil
}
