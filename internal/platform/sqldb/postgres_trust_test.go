package sqldb

import (
	"crypto/x509"
	"testing"
)

// TestAServerIsVerifiedWithTheAuthoritiesThatAreKnown: by a URL that names no file too, at every server
// that it names. A URL that does not ask for verification gets none.
func TestAServerIsVerifiedWithTheAuthoritiesThatAreKnown(t *testing.T) {
	for query, want := range map[string]bool{
		"sslmode=verify-full": true, "sslmode=verify-ca": true, "sslrootcert=system&sslmode=verify-full": true,
		"sslmode=require": false, "sslmode=prefer": false,
	} {
		c, err := parsePostgres("postgres://a.test:1,b.test:2/usher?" + query)
		if err != nil {
			t.Fatal(err)
		}
		trust(&c.ConnConfig.Config)
		verifies := func(host string, roots *x509.CertPool) {
			if got := roots != nil && !roots.Equal(x509.NewCertPool()); got != want {
				t.Errorf("%s: authorities for %s: %t, want %t", query, host, got, want)
			}
		}
		verifies(c.ConnConfig.Host, c.ConnConfig.TLSConfig.RootCAs)
		for _, f := range c.ConnConfig.Fallbacks {
			if f.TLSConfig != nil {
				verifies(f.Host, f.TLSConfig.RootCAs)
			}
		}
	}
}
