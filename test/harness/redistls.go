package harness

import (
	"context"
	"crypto/tls"
	"net"
	"os/exec"

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
