package shortlived

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/vidocu/usher/internal/platform/authorities"
)

// RedisTLS configures TLS to Redis, and to its Sentinels. The files are read again for every new
// connection.
type RedisTLS struct {
	// On turns on TLS 1.2 or newer.
	On bool
	// CAFile has the authorities of the servers' certificates, PEM; empty is the system's, or those
	// that are compiled in.
	CAFile string
	// CertFile and KeyFile are this process's certificate, PEM; empty for none.
	CertFile, KeyFile string

	// roots are the authorities without a CAFile, which never change.
	roots *x509.CertPool
}

// withDefaults adds the authorities for settings that name none.
func (t RedisTLS) withDefaults() RedisTLS {
	if t.On && t.CAFile == "" {
		t.roots = authorities.Default()
	}
	return t
}

// Validate joins all faults, and reads the files.
func (t RedisTLS) Validate() error {
	if !t.On {
		if t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" {
			return errors.New("ca_file, cert_file and key_file are for TLS: set tls to true, or leave them out")
		}
		return nil
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return errors.New("cert_file and key_file belong together: set both or neither")
	}
	_, err := t.config("")
	return err
}

// config reads the files. The server's certificate must be valid for the host.
func (t RedisTLS) config(host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: t.roots}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file: no certificate in %s", t.CAFile)
		}
	}
	if t.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("cert_file: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// dial connects to a server, within replyLimit. Keep-alives detect a machine that is gone in 8 s,
// also on an idle connection.
func (t RedisTLS) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: replyLimit, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 5 * time.Second, Interval: time.Second, Count: 3,
	}}
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil || !t.On {
		return conn, err
	}
	secured, err := t.handshake(ctx, conn, addr)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

func (t RedisTLS) handshake(ctx context.Context, conn net.Conn, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	config, err := t.config(host)
	if err != nil {
		return nil, fmt.Errorf("redis.%w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, replyLimit)
	defer cancel()
	secured := tls.Client(conn, config)
	return secured, secured.HandshakeContext(ctx)
}
