package mtls_test

import (
	"testing"

	"google.golang.org/grpc/credentials"
)

// pair is a server and a client whose credentials are created once for the whole test.
type pair struct {
	server, client           folder
	addr                     string
	callers                  <-chan seen
	clientCreds, serverCreds credentials.TransportCredentials
}

func newPair(t *testing.T, a authority) pair {
	t.Helper()
	p := pair{server: newFolder(t, a, serial("token", 10)), client: newFolder(t, a, serial("gateway", 20))}
	p.serverCreds, p.clientCreds = server(t, p.server), client(t, p.client, "token")
	p.addr, p.callers = serve(t, p.serverCreds)
	return p
}

func serial(name string, number int64) wish {
	w := named(name)
	w.serial = number
	return w
}

// meets makes a new connection and checks which certificates the two ends presented.
func (p pair) meets(t *testing.T, wantServer, wantClient int64) {
	t.Helper()
	got, err := call(t, p.addr, p.clientCreds)
	if err != nil {
		t.Fatalf("no connection: %v", err)
	}
	if got != wantServer {
		t.Errorf("the server shows certificate %d, want %d", got, wantServer)
	}
	if caller := <-p.callers; caller.serial != wantClient || caller.name != "gateway" {
		t.Errorf("the client shows certificate %d of %q, want %d", caller.serial, caller.name, wantClient)
	}
}

func (p pair) refuses(t *testing.T, why string) {
	t.Helper()
	if _, err := call(t, p.addr, p.clientCreds); err == nil {
		t.Errorf("a new connection is accepted although %s", why)
	}
}

func TestRotatedCertificatesServeNewConnections(t *testing.T) {
	ca := newAuthority(t)
	p := newPair(t, ca)
	p.meets(t, 10, 20)
	p.server.issue(t, ca, serial("token", 11))
	p.meets(t, 11, 20)
	p.client.issue(t, ca, serial("gateway", 21))
	p.meets(t, 11, 21)
}

func TestAWithdrawnAuthorityIsNoLongerBelieved(t *testing.T) {
	first, second := newAuthority(t), newAuthority(t)
	p := newPair(t, first)
	p.meets(t, 10, 20)

	// The procedure of the operations manual: trust both, reissue, trust the second only.
	p.server.trust(t, first, second)
	p.client.trust(t, first, second)
	p.meets(t, 10, 20)
	p.server.issue(t, second, serial("token", 11))
	p.meets(t, 11, 20)
	p.server.trust(t, second)
	p.refuses(t, "the server withdrew the authority of the client's certificate")
	p.client.issue(t, second, serial("gateway", 21))
	p.client.trust(t, second)
	p.meets(t, 11, 21)

	p.server.issue(t, first, serial("token", 12))
	p.refuses(t, "the client withdrew the authority of the server's certificate")
}

func TestAHalfWrittenRotationKeepsWhatWasGood(t *testing.T) {
	ca := newAuthority(t)
	p := newPair(t, ca)
	cert, key := ca.sign(t, serial("token", 11))
	p.server.write(t, p.server.CertFile, cert) // its key is not there yet
	p.meets(t, 10, 20)
	p.server.write(t, p.server.KeyFile, key)
	p.meets(t, 11, 20)
	p.server.write(t, p.server.CAFile, []byte("not a certificate"))
	p.meets(t, 11, 20)
}

func TestARotationToAnotherNameEndsTheTrust(t *testing.T) {
	ca := newAuthority(t)
	p := newPair(t, ca)
	p.meets(t, 10, 20)
	p.server.issue(t, ca, serial("authz", 11))
	p.refuses(t, "the server is another service now")
}
