package fetch

import (
	"crypto/x509"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// roots returns the certificate authorities of the system. A container without files has none: then
// those of Mozilla's list are trusted, with the constraints of the list.
func roots(system *x509.CertPool, err error) *x509.CertPool {
	if err == nil && !system.Equal(x509.NewCertPool()) {
		return system
	}
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil:
		case root.Constraint != nil:
			pool.AddCertWithConstraint(certificate, root.Constraint)
		default:
			pool.AddCert(certificate)
		}
	}
	return pool
}
