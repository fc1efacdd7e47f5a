// Package mtls authenticates both ends of a connection between processes: certificates from files,
// read again when they change, and the caller's name from the URI SAN
// `spiffe://<trust-domain>/<name>`.
//
// It owns the handshake. It does not authorize callers.
//
// It reads the files itself. grpc's provider for this, credentials/tls/certprovider/pemfile, polls
// them, so that handshakes trust a removed authority until its next look; it starts with unusable
// files and reports no error of theirs; it logs the content of a private key that does not fit its
// certificate; and both must be in one folder.
package mtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/vidocu/usher/internal/platform/policy"
)

// Config names the files of a process's certificate.
type Config struct {
	CertFile string `koanf:"cert_file" help:"this process's certificate, PEM; read again when it changes"`
	KeyFile  string `koanf:"key_file" help:"its private key, PEM"`
	CAFile   string `koanf:"ca_file" help:"the certificate authority of the trust domain, PEM"`
	// TrustDomain is the host of every URI SAN; callers of another one are refused.
	TrustDomain string `koanf:"-"`
}

// Server returns credentials that require a certificate of the trust domain from every caller. It
// reads the files once to fail early.
func Server(c Config) (credentials.TransportCredentials, error) {
	files, err := newFiles(c)
	if err != nil {
		return nil, err
	}
	return policy.Naming(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAnyClientCert, // verified in VerifyConnection, against the current authorities
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return files.certificate()
		},
		VerifyConnection: func(s tls.ConnectionState) error {
			_, err := files.verify(s.PeerCertificates, x509.ExtKeyUsageClientAuth)
			return err
		},
		// A resumed session would trust an authority after its removal.
		SessionTicketsDisabled: true,
	}), func(_ net.Conn, info credentials.AuthInfo) (string, error) {
		t, ok := info.(credentials.TLSInfo)
		if !ok {
			return "", errors.New("no TLS on a TLS connection")
		}
		return nameOf(t.State.PeerCertificates[0], c.TrustDomain)
	}), nil
}

// Client returns credentials that present this process's certificate and accept only the named
// service at the other end.
func Client(c Config, service string) (credentials.TransportCredentials, error) {
	files, err := newFiles(c)
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return files.certificate()
		},
		// The server's name is in its URI SAN, which crypto/tls does not match: VerifyConnection
		// checks everything.
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection: func(s tls.ConnectionState) error {
			name, err := files.verify(s.PeerCertificates, x509.ExtKeyUsageServerAuth)
			if err == nil && name != service {
				err = fmt.Errorf("the peer is %q, not %q", name, service)
			}
			return err
		},
	}), nil
}

// Expiry returns a function for the expiry of this process's current certificate. It reads the
// files once to fail early; later, while they cannot be read, it returns the expiry of the previous
// certificate, which handshakes use too.
func Expiry(c Config) (func() time.Time, error) {
	files, err := newFiles(c)
	if err != nil {
		return nil, err
	}
	return func() time.Time {
		cert, err := files.certificate()
		if err != nil || cert.Leaf == nil {
			return time.Time{}
		}
		return cert.Leaf.NotAfter
	}, nil
}

// nameOf returns the caller's name: exactly one URI SAN, of the trust domain, with one path
// segment.
func nameOf(cert *x509.Certificate, trustDomain string) (string, error) {
	if len(cert.URIs) != 1 {
		return "", fmt.Errorf("certificate has %d URI names, want one", len(cert.URIs))
	}
	name, ok := strings.CutPrefix(cert.URIs[0].String(), "spiffe://"+trustDomain+"/")
	if !ok || name == "" || strings.ContainsAny(name, "/?#%") || name == policy.Local {
		return "", errors.New("certificate is not of this trust domain")
	}
	return name, nil
}

// Plaintext is for the development's local port: every caller is policy.Local.
func Plaintext() credentials.TransportCredentials {
	return policy.Naming(insecure.NewCredentials(), func(net.Conn, credentials.AuthInfo) (string, error) { return policy.Local, nil })
}
