package usher_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/credentials"

	usher "github.com/vidocu/usher/sdk"
)

// authority is a certificate authority that signs into a directory.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{dir: t.TempDir()}
	a.cert, a.key = a.sign(t, "ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// issue writes <name>.pem and <name>.key for a service of the trust domain.
func (a authority) issue(t *testing.T, name string) {
	t.Helper()
	a.sign(t, name, &x509.Certificate{
		URIs:        []*url.URL{{Scheme: "spiffe", Host: "usher.test", Path: "/" + name}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
}

func (a authority) sign(t *testing.T, name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	private, err := x509.MarshalECPrivateKey(key)
	must(t, err)
	a.write(t, name+".pem", "CERTIFICATE", der)
	a.write(t, name+".key", "EC PRIVATE KEY", private)
	return cert, key
}

func (a authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(a.dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

func (a authority) certificate(name string) usher.Certificate {
	return usher.Certificate{
		CertFile: filepath.Join(a.dir, name+".pem"), KeyFile: filepath.Join(a.dir, name+".key"),
		CAFile: filepath.Join(a.dir, "ca.pem"), TrustDomain: "usher.test",
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// handshake runs the handshake of the client's credentials with a server that has the named
// certificate. It returns the URI SAN that the server received, and the client's error.
func (a authority) handshake(t *testing.T, creds credentials.TransportCredentials, server string) (string, error) {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(filepath.Join(a.dir, server+".pem"), filepath.Join(a.dir, server+".key"))
	must(t, err)
	lis, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert, NextProtos: []string{"h2"},
	})
	must(t, err)
	defer lis.Close()
	received := make(chan string, 1)
	go func() {
		conn, err := lis.Accept()
		if err != nil {
			received <- ""
			return
		}
		defer conn.Close()
		end, _ := conn.(*tls.Conn) // always, with a TLS listener
		if end.Handshake() != nil {
			received <- ""
			return
		}
		received <- end.ConnectionState().PeerCertificates[0].URIs[0].String()
	}()
	conn, err := net.Dial("tcp", lis.Addr().String())
	must(t, err)
	defer conn.Close()
	_, _, err = creds.ClientHandshake(t.Context(), "token", conn)
	if err != nil {
		_ = conn.Close() // so that the server's handshake ends
	}
	return <-received, err
}

func TestTheServerMustBeTheTokenServiceOfTheTrustDomain(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	for _, name := range []string{"token", "gateway", "video-api"} {
		a.issue(t, name)
	}
	stranger.issue(t, "token")
	creds, err := a.certificate("video-api").Credentials()
	must(t, err)
	if uri, err := a.handshake(t, creds, "token"); err != nil || uri != "spiffe://usher.test/video-api" {
		t.Errorf("the token service: %v, it received %q", err, uri)
	}
	if _, err := a.handshake(t, creds, "gateway"); err == nil {
		t.Error("another service is accepted as the token service")
	}
	if _, err := stranger.handshake(t, creds, "token"); err == nil {
		t.Error("another authority's token service is accepted")
	}
}

func TestReplacedFilesAreUsedAtTheNextHandshake(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "token")
	a.issue(t, "video-api")
	creds, err := a.certificate("video-api").Credentials()
	must(t, err)
	next := newAuthority(t)
	next.issue(t, "token")
	next.issue(t, "video-api")
	for _, name := range []string{"ca.pem", "video-api.pem", "video-api.key"} {
		must(t, os.Rename(filepath.Join(next.dir, name), filepath.Join(a.dir, name)))
	}
	if _, err := next.handshake(t, creds, "token"); err != nil {
		t.Errorf("the new authority's token service: %v", err)
	}
	if _, err := a.handshake(t, creds, "token"); err == nil {
		t.Error("the former authority's token service is accepted")
	}
}

func TestCredentialsFailEarly(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "video-api")
	for name, change := range map[string]func(*usher.Certificate){
		"no certificate": func(c *usher.Certificate) { c.CertFile = "nowhere" }, "no authority": func(c *usher.Certificate) { c.CAFile = "nowhere" },
		"an authority without a certificate": func(c *usher.Certificate) { c.CAFile = c.KeyFile }, "no trust domain": func(c *usher.Certificate) { c.TrustDomain = "" },
	} {
		c := a.certificate("video-api")
		change(&c)
		if _, err := c.Credentials(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
