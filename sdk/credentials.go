package usher

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
)

// Certificate names the files of a resource server's certificate. They are read again at every
// handshake, so that they can be replaced in place.
type Certificate struct {
	// CertFile and KeyFile are the resource server's certificate and key, PEM. The certificate has
	// one URI SAN, `spiffe://<trust-domain>/<name>`, whose name is configured as a resource server
	// at the token service.
	CertFile, KeyFile string
	// CAFile is the certificate authority of the trust domain, PEM.
	CAFile string
	// TrustDomain is the host of every URI SAN.
	TrustDomain string
}

// Credentials returns credentials for Dial. They present the certificate, and accept only a server
// with the URI SAN of the token service, `spiffe://<trust-domain>/token`. It reads the files once,
// to fail early.
func (c Certificate) Credentials() (credentials.TransportCredentials, error) {
	if c.TrustDomain == "" {
		return nil, errors.New("the trust domain is missing")
	}
	if _, err := c.keyPair(); err != nil {
		return nil, err
	}
	if _, err := c.roots(); err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion:           tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.keyPair() },
		// crypto/tls does not match the URI SAN: VerifyConnection verifies the chain and the name.
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection:   func(s tls.ConnectionState) error { return c.verify(s.PeerCertificates) },
	}), nil
}

func (c Certificate) keyPair() (*tls.Certificate, error) {
	keyPair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	return &keyPair, nil
}

func (c Certificate) roots() (*x509.CertPool, error) {
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

// verify accepts a chain from the token service's certificate to a root of the authority.
func (c Certificate) verify(chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("the server has no certificate")
	}
	roots, err := c.roots()
	if err != nil {
		return err
	}
	intermediates := x509.NewCertPool()
	for _, cert := range chain[1:] {
		intermediates.AddCert(cert)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if _, err := chain[0].Verify(options); err != nil {
		return fmt.Errorf("the server is not in this trust domain: %w", err)
	}
	if want := "spiffe://" + c.TrustDomain + "/token"; len(chain[0].URIs) != 1 || chain[0].URIs[0].String() != want {
		return fmt.Errorf("the server is not %s", want)
	}
	return nil
}
