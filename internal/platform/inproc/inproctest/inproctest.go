// Package inproctest serves and calls gRPC servers of tests in memory. It is imported by tests alone.
package inproctest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/rpcserver"
)

// Serve runs a server without a log, which has the name of o, until the test ends.
func Serve(t testing.TB, network *inproc.Network, o rpcserver.Options, register func(grpc.ServiceRegistrar)) {
	t.Helper()
	o.Logger, o.StopWithin = slog.New(slog.DiscardHandler), time.Second
	server := rpcserver.New(o)
	register(server)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() {
		done <- server.Serve(ctx, rpcserver.Listener{Listener: network.Listen(o.Name), Credentials: inproc.ServerCredentials()})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serving %s: %v", o.Name, err)
		}
	})
}

// Dial connects a caller to a service until the test ends.
func Dial(t testing.TB, network *inproc.Network, caller, service string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := network.Dial(caller, service, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
