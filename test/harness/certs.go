package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// TrustDomain is the SPIFFE trust domain of the harness's certificates.
const TrustDomain = "usher.test"

// Authority is the certificate authority of one deployment.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority creates a certificate authority and writes ca.pem into dir.
func NewAuthority(dir string) (*Authority, error) {
	a := &Authority{dir: dir}
	if err := a.generate(); err != nil {
		return nil, err
	}
	return a, a.publish(a.cert)
}

// generate creates the authority's key and certificate.
func (a *Authority) generate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "usher test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	a.key = key
	a.cert, err = x509.ParseCertificate(der)
	return err
}

// Renew replaces the authority's key, which signs from now on; ca.pem holds both certificates until
// Retire.
func (a *Authority) Renew() error {
	old := a.cert
	if err := a.generate(); err != nil {
		return err
	}
	return a.publish(old, a.cert)
}

// Retire removes the previous authority from ca.pem.
func (a *Authority) Retire() error { return a.publish(a.cert) }

// publish writes ca.pem.
func (a *Authority) publish(certs ...*x509.Certificate) error {
	blocks := make([]*pem.Block, len(certs))
	for i, cert := range certs {
		blocks[i] = &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}
	}
	return writePEM(a.path("ca.pem"), blocks...)
}

// Issue writes <name>.pem and <name>.key for spiffe://<trust-domain>/<name>, with the DNS names
// localhost and <name>. Issuing again replaces them.
func (a *Authority) Issue(name string) error {
	return a.issue(name, x509.Certificate{
		DNSNames: []string{"localhost", name},
		URIs:     []*url.URL{{Scheme: "spiffe", Host: TrustDomain, Path: "/" + name}},
	})
}

// issueLoopback writes a certificate for 127.0.0.1 without a SPIFFE id, as third-party servers
// have.
func (a *Authority) issueLoopback(name string) error {
	return a.issue(name, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
}

// issue writes a certificate with the template's names, and its key.
func (a *Authority) issue(name string, template x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return err
	}
	template.Subject = pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, &template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(a.path(name+".key"), &pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}); err != nil {
		return err
	}
	return writePEM(a.path(name+".pem"), &pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// ClientTLS returns the TLS configuration with which the holder of a certificate calls a service of
// the deployment.
func (a *Authority) ClientTLS(name, service string) (*tls.Config, error) {
	if err := a.Issue(name); err != nil {
		return nil, err
	}
	cert, err := tls.LoadX509KeyPair(a.path(name+".pem"), a.path(name+".key"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}, RootCAs: pool,
		// The service's name is in its URI SAN, which the standard library does not compare:
		// verifyService does it.
		InsecureSkipVerify:    true,
		VerifyPeerCertificate: verifyService(pool, service),
	}, nil
}

func verifyService(pool *x509.CertPool, service string) func([][]byte, [][]*x509.Certificate) error {
	return func(raw [][]byte, _ [][]*x509.Certificate) error {
		leaf, err := x509.ParseCertificate(raw[0])
		if err != nil {
			return err
		}
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
			return err
		}
		if want := "spiffe://" + TrustDomain + "/" + service; len(leaf.URIs) != 1 || leaf.URIs[0].String() != want {
			return fmt.Errorf("server is not %s", want)
		}
		return nil
	}
}

func (a *Authority) path(file string) string { return filepath.Join(a.dir, file) }

// writePEM replaces the file atomically, so that a process that reloads it never reads half of it.
func writePEM(path string, blocks ...*pem.Block) error {
	var text []byte
	for _, block := range blocks {
		text = append(text, pem.EncodeToMemory(block)...)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
