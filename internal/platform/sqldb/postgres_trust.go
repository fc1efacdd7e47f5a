package sqldb

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/jackc/pgx/v5/pgconn"
)

// trust gives the connections that verify the server's certificate, and whose URL names no file with
// the authorities (sslrootcert), the default authorities: a container without files would trust no
// server.
func trust(c *pgconn.Config, authorities func() *x509.CertPool) {
	connections := []*tls.Config{c.TLSConfig}
	for _, f := range c.Fallbacks {
		connections = append(connections, f.TLSConfig)
	}
	for _, connection := range connections {
		if connection == nil || connection.InsecureSkipVerify && connection.VerifyPeerCertificate == nil {
			continue
		}
		if own := connection.RootCAs; own != nil && !own.Equal(x509.NewCertPool()) {
			continue // sslrootcert; "system" is an empty pool in a container without files
		}
		connection.RootCAs = authorities()
	}
}
