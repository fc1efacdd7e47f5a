package mtls

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// ErrNotOfDomain is a certificate that does not have exactly one URI SAN, of the trust domain.
var ErrNotOfDomain = errors.New("the certificate needs one URI name, of the trust domain")

// Own is a process's own certificate as a peer sees it.
type Own struct {
	// Name is the process's.
	Name string
	// Begins and Ends bound the certificate's validity.
	Begins, Ends time.Time

	chain []*x509.Certificate
	roots *x509.CertPool
}

// Read reads the files as a start would. It returns ErrNotOfDomain, or the error of an unusable
// file.
func Read(c Config) (Own, error) {
	f, err := newFiles(c)
	if err != nil {
		return Own{}, err
	}
	o := Own{roots: f.roots}
	for _, der := range f.cert.Certificate {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return Own{}, fmt.Errorf("reading the TLS certificate: %w", err)
		}
		o.chain = append(o.chain, cert)
	}
	o.Begins, o.Ends = o.chain[0].NotBefore, o.chain[0].NotAfter
	if o.Name, err = nameOf(o.chain[0], c.TrustDomain); err != nil {
		return Own{}, fmt.Errorf("%w: %s holds %v, not one of spiffe://%s/", ErrNotOfDomain, c.CertFile, o.chain[0].URIs, c.TrustDomain)
	}
	return o, nil
}

// Usable returns why peers of the trust domain would refuse the certificate at a time; nil when
// they would accept it.
func (o Own) Usable(now time.Time) error {
	switch {
	case now.Before(o.Begins):
		return fmt.Errorf("the certificate of %s is not valid before %s: wait, or set this machine's clock", o.Name, o.Begins.UTC().Format(time.RFC3339))
	case now.After(o.Ends):
		return fmt.Errorf("the certificate of %s ended %s: put a new one in its place", o.Name, o.Ends.UTC().Format(time.RFC3339))
	}
	between := x509.NewCertPool()
	for _, c := range o.chain[1:] {
		between.AddCert(c)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		_, err := o.chain[0].Verify(x509.VerifyOptions{Roots: o.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}})
		if err != nil {
			return fmt.Errorf("the authorities of tls.ca_file do not vouch for the certificate of %s: %w", o.Name, err)
		}
	}
	return nil
}
