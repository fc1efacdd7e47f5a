// Package authorities provides the certificate authorities that a client trusts where no setting
// names any.
//
// It owns the choice between the system's and the compiled-in list, and reads no setting.
package authorities

import (
	"crypto/x509"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Default returns the certificate authorities of the system. A container without files has none:
// then those of Mozilla's list are trusted, with the constraints of the list.
func Default() *x509.CertPool { return orList(x509.SystemCertPool()) }

// orList returns the system's authorities, or the list where the system has none.
func orList(system *x509.CertPool, err error) *x509.CertPool {
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
