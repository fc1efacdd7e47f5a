package mtls

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// files caches the content of the files, and reads them again when they change.
type files struct {
	config Config

	mu     sync.Mutex
	stamps [3]stamp
	cert   *tls.Certificate
	roots  *x509.CertPool
}

// stamp identifies a version of a file.
type stamp struct {
	modified time.Time
	size     int64
}

func newFiles(c Config) (*files, error) {
	if c.CertFile == "" || c.KeyFile == "" || c.CAFile == "" || c.TrustDomain == "" {
		return nil, errors.New("mutual TLS needs tls.cert_file, tls.key_file, tls.ca_file and trust_domain")
	}
	f := &files{config: c}
	_, _, err := f.current()
	return f, err
}

// current reads the files again if one of them changed. If that fails, for example because a
// certificate was replaced before its key, the previous ones stay in use: the next handshake tries
// again.
func (f *files) current() (*tls.Certificate, *x509.CertPool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stamps, err := f.stat()
	if err == nil && stamps != f.stamps {
		err = f.read(stamps)
	}
	if f.cert == nil {
		return nil, nil, err
	}
	return f.cert, f.roots, nil
}

func (f *files) stat() ([3]stamp, error) {
	var stamps [3]stamp
	for i, path := range []string{f.config.CertFile, f.config.KeyFile, f.config.CAFile} {
		info, err := os.Stat(path)
		if err != nil {
			return stamps, fmt.Errorf("reading a TLS file: %w", err)
		}
		stamps[i] = stamp{modified: info.ModTime(), size: info.Size()}
	}
	return stamps, nil
}

func (f *files) read(stamps [3]stamp) error {
	cert, err := tls.LoadX509KeyPair(f.config.CertFile, f.config.KeyFile)
	if err != nil {
		return fmt.Errorf("reading the TLS certificate: %w", err)
	}
	roots, _, err := readAuthorities(f.config.CAFile)
	if err != nil {
		return err
	}
	f.cert, f.roots, f.stamps = &cert, roots, stamps
	return nil
}

// Authority returns the authority in a file that expires first.
func Authority(caFile string) (*x509.Certificate, error) {
	_, first, err := readAuthorities(caFile)
	return first, err
}

// readAuthorities reads every certificate of the file: two while the authority is replaced. It also
// returns the one that expires first.
func readAuthorities(path string) (roots *x509.CertPool, first *x509.Certificate, err error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the TLS authority: %w", err)
	}
	roots = x509.NewCertPool()
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the TLS authority %s: %w", path, err)
		}
		roots.AddCert(cert)
		if first == nil || cert.NotAfter.Before(first.NotAfter) {
			first = cert
		}
	}
	if first == nil {
		return nil, nil, fmt.Errorf("no certificate in %s", path)
	}
	return roots, first, nil
}

func (f *files) certificate() (*tls.Certificate, error) {
	cert, _, err := f.current()
	return cert, err
}

// verify checks a peer's chain against the current authorities, and returns the peer's name.
func (f *files) verify(chain []*x509.Certificate, usage x509.ExtKeyUsage) (string, error) {
	if len(chain) == 0 {
		return "", errors.New("the peer has no certificate")
	}
	_, roots, err := f.current()
	if err != nil {
		return "", err
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{usage},
	}); err != nil {
		return "", fmt.Errorf("verifying the peer: %w", err)
	}
	return nameOf(chain[0], f.config.TrustDomain)
}
