package sqldb

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vidocu/usher/internal/platform/secret"
)

// connects returns the configuration of a pool's next connection.
func connects(t *testing.T, p *postgres) *pgx.ConnConfig {
	t.Helper()
	c := p.pool.Config() // a copy, as each connection has
	if err := c.BeforeConnect(t.Context(), c.ConnConfig); err != nil {
		t.Fatal(err)
	}
	return c.ConnConfig
}

// TestAServerIsVerifiedWithTheAuthoritiesThatAreKnown: by a URL that names no file too, at every server
// that it names, and while the secret is half-written. A URL that does not ask for verification gets none.
func TestAServerIsVerifiedWithTheAuthoritiesThatAreKnown(t *testing.T) {
	for query, want := range map[string]bool{
		"sslmode=verify-full": true, "sslmode=verify-ca": true, "sslrootcert=system&sslmode=verify-full": true,
		"sslmode=require": false, "sslmode=prefer": false,
	} {
		url := "postgres://a.test:1,b.test:2/usher?" + query
		p, err := openPostgres(t.Context(), Config{
			URL: secret.Live(func() string { return url }), MaxConns: 1, AcquireTimeout: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.close() })
		verifies := func(host string, roots *x509.CertPool) {
			if got := roots != nil && !roots.Equal(x509.NewCertPool()); got != want {
				t.Errorf("%s: authorities for %s by %q: %t, want %t", query, host, url, got, want)
			}
		}
		for _, url = range []string{url, "postgres://a.test:half"} {
			c := connects(t, p)
			verifies(c.Host, c.TLSConfig.RootCAs)
			for _, f := range c.Fallbacks {
				if f.TLSConfig != nil {
					verifies(f.Host, f.TLSConfig.RootCAs)
				}
			}
		}
	}
}
