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

// TLSRedis is a Redis that speaks TLS alone, with a certificate of a private authority, and wants one of the same of every client.
type TLSRedis struct {
	// Addr is where it listens.
	Addr string
	// CAFile, CertFile and KeyFile are what a client needs.
	CAFile, CertFile, KeyFile string

	cmd *exec.Cmd
}

// StartTLSRedis starts it in dir, where its certificates lie too. It is always the installed redis-server: the others that
// scripts/matrix.sh fetches are built without TLS.
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
	defer client.Close() //nolint:errcheck // asked once
	return r, within(startLimit, "Redis with TLS", func() bool { return client.Ping(ctx).Err() == nil })
}

func (r *TLSRedis) clientTLS() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(r.CertFile, r.KeyFile)
	if err != nil {
		return nil, err
	}
	// Only for the wait until it is up: what the test asks is verified by the code under test.
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true}, nil
}

// Close ends the server.
func (r *TLSRedis) Close() error {
	_ = r.cmd.Process.Kill() // it may have ended
	_ = r.cmd.Wait()
	return nil
}

// issueLoopback writes a certificate for 127.0.0.1, as servers that are not ours have.
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
