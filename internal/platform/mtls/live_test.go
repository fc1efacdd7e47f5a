package mtls_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/peer"

	"github.com/vidocu/usher/internal/platform/rpcclient"
)

// traffic makes calls without pause over short-lived connections, so that every change of a file
// meets a handshake.
type traffic struct {
	// server and client are the serial numbers of the certificates that the two ends saw last.
	server, client atomic.Int64
	// conns and lost count connections and failed calls.
	conns, lost atomic.Int64
}

// counting counts the connections that come in.
type counting struct {
	net.Listener
	conns *atomic.Int64
}

func (c counting) Accept() (net.Conn, error) {
	c.conns.Add(1)
	return c.Listener.Accept()
}

// start makes calls from several goroutines until the test ends.
func (f *traffic) start(t *testing.T, p pair) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := grpc.NewServer(grpc.Creds(p.serverCreds),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 30 * time.Millisecond}),
		grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			f.client.Store(serialOf(ctx))
			return handler(ctx, req)
		}))
	healthv1.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(counting{lis, &f.conns}) }()
	conn, err := rpcclient.Dial(lis.Addr().String(), p.clientCreds)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() { f.call(ctx, t, healthv1.NewHealthClient(conn)) })
	}
	t.Cleanup(func() {
		stop()
		callers.Wait()
		must(t, conn.Close())
		server.Stop()
		must(t, <-served)
	})
}

// call makes calls until ctx ends, and counts failed ones.
func (f *traffic) call(ctx context.Context, t *testing.T, client healthv1.HealthClient) {
	for ctx.Err() == nil {
		var p peer.Peer
		// A call that has started is finished: one that the test itself cancelled would count as
		// lost.
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		_, err := client.Check(limit, &healthv1.HealthCheckRequest{}, grpc.Peer(&p))
		cancel()
		if err != nil {
			f.lost.Add(1)
			t.Errorf("a call was lost: %v", err)
			return
		}
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			f.server.Store(info.State.PeerCertificates[0].SerialNumber.Int64())
		}
	}
}

// shows waits until new connections are made with these certificates.
func (f *traffic) shows(t *testing.T, server, client int64) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); f.server.Load() != server || f.client.Load() != client; time.Sleep(time.Millisecond) {
		if f.lost.Load() > 0 || time.Now().After(end) {
			t.Fatalf("the ends show %d and %d, want %d and %d", f.server.Load(), f.client.Load(), server, client)
		}
	}
}

// moves waits for some more connections.
func (f *traffic) moves(t *testing.T) {
	t.Helper()
	for begun, end := f.conns.Load(), time.Now().Add(30*time.Second); f.conns.Load() < begun+3; time.Sleep(time.Millisecond) {
		if f.lost.Load() > 0 || time.Now().After(end) {
			t.Fatal("no new connections")
		}
	}
}

func TestNoCallIsLostWhileCertificatesAndTheirAuthorityAreReplaced(t *testing.T) {
	first, second := newAuthority(t), newAuthority(t)
	p := newPair(t, first)
	var f traffic
	f.start(t, p)
	f.shows(t, 10, 20)

	// New certificates of the same authority, one end after the other.
	p.server.issue(t, first, serial("token", 11))
	f.shows(t, 11, 20)
	p.client.issue(t, first, serial("gateway", 21))
	f.shows(t, 11, 21)

	// Another authority: both are trusted, then all certificates are of the second, then the first
	// is removed.
	p.client.trust(t, first, second)
	f.moves(t)
	p.server.trust(t, first, second)
	f.moves(t)
	p.server.issue(t, second, serial("token", 12))
	f.shows(t, 12, 21)
	p.client.issue(t, second, serial("gateway", 22))
	f.shows(t, 12, 22)
	p.client.trust(t, second)
	f.moves(t)
	p.server.trust(t, second)
	f.moves(t)
	f.shows(t, 12, 22)
}
