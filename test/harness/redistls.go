package harness

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
)

// TLSRedis is a Redis server that accepts only TLS, with a certificate of a private authority, and
// requires a client certificate of the same authority.
type TLSRedis struct {
	// Addr is the server's address.
	Addr string
	// CAFile, CertFile and KeyFile are the files that a client needs.
	CAFile, CertFile, KeyFile string

	cmd *exec.Cmd
}

// StartTLSRedis starts the server in dir, where its certificates are too. It always uses the
// installed redis-server: those that scripts/matrix.sh fetches are built without TLS.
func StartTLSRedis(ctx context.Context, dir string) (*TLSRedis, error) {
	authority, err := NewAuthority(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"redis", "redis-client"} {
		if err := authority.issueLoopback(name); err != nil {
			return nil, err
		}
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	r := &TLSRedis{
		Addr: addr, CAFile: authority.path("ca.pem"), CertFile: authority.path("redis-client.pem"), KeyFile: authority.path("redis-client.key"),
		cmd: exec.Command("redis-server", "--port", "0", "--tls-port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
			"--tls-cert-file", authority.path("redis.pem"), "--tls-key-file", authority.path("redis.key"), "--tls-ca-cert-file", authority.path("ca.pem")),
	}
	r.cmd.Dir = dir
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	config, err := r.clientTLS()
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: addr, TLSConfig: config})
	defer client.Close() //nolint:errcheck // used for one command
	return r, within(startLimit, "Redis with TLS", func() bool { return client.Ping(ctx).Err() == nil })
}

func (r *TLSRedis) clientTLS() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(r.CertFile, r.KeyFile)
	if err != nil {
		return nil, err
	}
	// Only for the readiness check: the code under test verifies the certificate in its own
	// connections.
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true}, nil
}

// Close stops the server.
func (r *TLSRedis) Close() error {
	_ = r.cmd.Process.Kill() // it may have exited already
	_ = r.cmd.Wait()
	return nil
}

// issueLoopback writes a certificate for 127.0.0.1 without a SPIFFE id, as third-party servers
// have.
func (a *Authority) issueLoopback(name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
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
