package mtls_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"

	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/policy"
)

// seen is a caller as the server saw it.
type seen struct {
	name   string
	serial int64
}

// serve serves health with the credentials until the test ends, and sends the callers that it saw.
func serve(t *testing.T, creds credentials.TransportCredentials) (addr string, callers <-chan seen) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	told := make(chan seen, 8)
	server := grpc.NewServer(grpc.Creds(creds), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			name, _ := policy.CallerFrom(ctx)
			told <- seen{name: name, serial: serialOf(ctx)}
			return handler(ctx, req)
		}))
	healthv1.RegisterHealthServer(server, health.NewServer())
	done := make(chan error, 1)
	go func() { done <- server.Serve(lis) }()
	t.Cleanup(func() {
		server.Stop()
		must(t, <-done)
	})
	return lis.Addr().String(), told
}

func serialOf(ctx context.Context) int64 {
	p, _ := peer.FromContext(ctx)
	caller, _ := p.AuthInfo.(policy.Caller)
	if info, ok := caller.AuthInfo.(credentials.TLSInfo); ok {
		return info.State.PeerCertificates[0].SerialNumber.Int64()
	}
	return 0
}

// call makes one call over a connection of its own and returns the serial number of the server's
// certificate.
func call(t *testing.T, addr string, creds credentials.TransportCredentials) (serial int64, err error) {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(creds))
	must(t, err)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var p peer.Peer
	if _, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}, grpc.Peer(&p)); err != nil {
		return 0, err
	}
	if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
		serial = info.State.PeerCertificates[0].SerialNumber.Int64()
	}
	return serial, nil
}

func server(t *testing.T, f folder) credentials.TransportCredentials {
	t.Helper()
	creds, err := mtls.Server(f.Config)
	must(t, err)
	return creds
}

func client(t *testing.T, f folder, service string) credentials.TransportCredentials {
	t.Helper()
	creds, err := mtls.Client(f.Config, service)
	must(t, err)
	return creds
}

func TestACallerIsNamedByItsURISAN(t *testing.T) {
	ca := newAuthority(t)
	addr, callers := serve(t, server(t, newFolder(t, ca, named("token"))))
	for _, name := range []string{"gateway", "video-api"} {
		if _, err := call(t, addr, client(t, newFolder(t, ca, named(name)), "token")); err != nil {
			t.Fatalf("%s cannot call: %v", name, err)
		}
		if got := <-callers; got.name != name {
			t.Errorf("%s is taken for %q", name, got.name)
		}
	}
}

func TestTheServerRefusesWhoIsNotOfTheTrustDomain(t *testing.T) {
	ca := newAuthority(t)
	addr, callers := serve(t, server(t, newFolder(t, ca, named("token"))))
	spiffe := "spiffe://" + trustDomain + "/"
	for name, w := range map[string]wish{
		"another trust domain":      {uris: []string{"spiffe://evil.test/gateway"}},
		"a longer trust domain":     {uris: []string{"spiffe://" + trustDomain + ".evil.test/gateway"}},
		"another scheme":            {uris: []string{"https://" + trustDomain + "/gateway"}},
		"two URI names":             {uris: []string{spiffe + "gateway", spiffe + "consent"}},
		"no URI name":               {},
		"no path":                   {uris: []string{"spiffe://" + trustDomain}},
		"an empty name":             {uris: []string{spiffe}},
		"two path segments":         {uris: []string{spiffe + "ns/gateway"}},
		"an escaped name":           {uris: []string{spiffe + "gatew%61y"}},
		"a query":                   {uris: []string{spiffe + "gateway?x=1"}},
		"the local callers' name":   {uris: []string{spiffe + policy.Local}},
		"expired":                   {uris: []string{spiffe + "gateway"}, ended: true},
		"a server's and no other's": {uris: []string{spiffe + "gateway"}, usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}},
	} {
		if _, err := call(t, addr, client(t, newFolder(t, ca, w), "token")); err == nil {
			t.Errorf("%s: accepted as %q", name, (<-callers).name)
		}
	}
}

func TestTheServerRefusesAnotherAuthority(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	addr, callers := serve(t, server(t, newFolder(t, ca, named("token"))))
	stranger := newFolder(t, other, named("gateway"))
	stranger.trust(t, ca)
	if _, err := call(t, addr, client(t, stranger, "token")); err == nil {
		t.Errorf("a certificate of another authority is accepted as %q", (<-callers).name)
	}
}

func TestTheServerRefusesWhoHasNoCertificate(t *testing.T) {
	ca := newAuthority(t)
	addr, _ := serve(t, server(t, newFolder(t, ca, named("token"))))
	bare := credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})
	for name, creds := range map[string]credentials.TransportCredentials{"without a certificate": bare, "in plaintext": insecure.NewCredentials()} {
		if _, err := call(t, addr, creds); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTheServerSpeaksNothingOlderThanTLS13(t *testing.T) {
	ca := newAuthority(t)
	addr, _ := serve(t, server(t, newFolder(t, ca, named("token"))))
	cert, key := ca.sign(t, named("gateway"))
	pair, err := tls.X509KeyPair(cert, key)
	must(t, err)
	old := credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}})
	if _, err := call(t, addr, old); err == nil {
		t.Error("TLS 1.2 is spoken")
	}
}

func TestTheClientAcceptsOnlyTheNamedService(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	gateway := newFolder(t, ca, named("gateway"))
	spiffe := "spiffe://" + trustDomain + "/"
	for name, w := range map[string]wish{
		"another service":           named("authz"),
		"another trust domain":      {uris: []string{"spiffe://evil.test/token"}},
		"two names":                 {uris: []string{spiffe + "token", spiffe + "authz"}},
		"expired":                   {uris: []string{spiffe + "token"}, ended: true},
		"a client's and no other's": {uris: []string{spiffe + "token"}, usages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
	} {
		addr, _ := serve(t, server(t, newFolder(t, ca, w)))
		if _, err := call(t, addr, client(t, gateway, "token")); err == nil {
			t.Errorf("%s: the client calls it", name)
		}
	}
	impostor := newFolder(t, other, named("token"))
	impostor.trust(t, ca)
	addr, _ := serve(t, server(t, impostor))
	if _, err := call(t, addr, client(t, gateway, "token")); err == nil {
		t.Error("the client calls a service of another authority")
	}
	addr, _ = serve(t, server(t, newFolder(t, ca, named("token"))))
	if _, err := call(t, addr, client(t, gateway, "token")); err != nil {
		t.Errorf("the client does not call the service itself: %v", err)
	}
}

func TestTheErrorNamesWhoAnswered(t *testing.T) {
	ca := newAuthority(t)
	addr, _ := serve(t, server(t, newFolder(t, ca, named("authz"))))
	_, err := call(t, addr, client(t, newFolder(t, ca, named("gateway")), "token"))
	if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), `\`, ""), `the peer is "authz", not "token"`) {
		t.Errorf("an operator who swapped two addresses reads: %v", err)
	}
}

func TestAStartWithoutUsableFilesFails(t *testing.T) {
	good := newFolder(t, newAuthority(t), named("token"))
	for name, change := range map[string]func(*mtls.Config){
		"no certificate set": func(c *mtls.Config) { c.CertFile = "" }, "no key set": func(c *mtls.Config) { c.KeyFile = "" },
		"no authority set": func(c *mtls.Config) { c.CAFile = "" }, "no trust domain set": func(c *mtls.Config) { c.TrustDomain = "" },
		"a missing file":             func(c *mtls.Config) { c.KeyFile += ".none" },
		"a key for a certificate":    func(c *mtls.Config) { c.CertFile = c.KeyFile },
		"an authority without a PEM": func(c *mtls.Config) { c.CAFile = empty(t) },
	} {
		c := good.Config
		change(&c)
		if _, err := mtls.Server(c); err == nil {
			t.Errorf("%s: the server starts", name)
		}
		if _, err := mtls.Client(c, "token"); err == nil {
			t.Errorf("%s: the client starts", name)
		}
	}
}

func empty(t *testing.T) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "ca")
	must(t, err)
	must(t, f.Close())
	return f.Name()
}

func TestPlaintextNamesEveryoneLocal(t *testing.T) {
	addr, callers := serve(t, mtls.Plaintext())
	if _, err := call(t, addr, insecure.NewCredentials()); err != nil {
		t.Fatal(err)
	}
	if got := <-callers; got.name != policy.Local {
		t.Errorf("the caller is %q", got.name)
	}
}
