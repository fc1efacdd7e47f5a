package rpcclient_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcclient"
	"github.com/vidocu/usher/test/harness"
)

// watch is a service that records the deadlines of its callers.
type watch struct {
	healthv1.UnimplementedHealthServer
	left chan time.Duration
	// fails makes it return UNAVAILABLE.
	fails bool
}

func (w watch) Check(ctx context.Context, _ *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if deadline, has := ctx.Deadline(); has {
		w.left <- time.Until(deadline)
	} else {
		w.left <- 0
	}
	if w.fails {
		return nil, status.Error(codes.Unavailable, "a dependency is down")
	}
	return &healthv1.HealthCheckResponse{}, nil
}

func serve(t *testing.T, lis net.Listener, w watch, opts ...grpc.ServerOption) {
	t.Helper()
	server := grpc.NewServer(opts...)
	healthv1.RegisterHealthServer(server, w)
	done := make(chan error, 1)
	go func() { done <- server.Serve(lis) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return lis
}

func check(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	return err
}

func TestEveryCallHasADeadline(t *testing.T) {
	dials := map[string]func(*testing.T, watch) (*grpc.ClientConn, error){
		"between processes": func(t *testing.T, w watch) (*grpc.ClientConn, error) {
			lis := listen(t, "127.0.0.1:0")
			serve(t, lis, w)
			return rpcclient.Dial(lis.Addr().String(), mtls.Plaintext())
		},
		"in memory": func(t *testing.T, w watch) (*grpc.ClientConn, error) {
			network := inproc.NewNetwork()
			serve(t, network.Listen("token"), w, grpc.Creds(inproc.ServerCredentials()))
			return network.Dial("gateway", "token", rpcclient.Options()...)
		},
	}
	for name, dial := range dials {
		t.Run(name, func(t *testing.T) {
			w := watch{left: make(chan time.Duration, 1)}
			conn, err := dial(t, w)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := check(context.Background(), conn); err != nil {
				t.Fatal(err)
			}
			if left := <-w.left; left <= 0 || left > time.Minute {
				t.Errorf("a caller without a deadline waits %s, want at most 5s", left)
			}
			for _, own := range []time.Duration{2 * time.Second, time.Hour} {
				ctx, cancel := context.WithTimeout(context.Background(), own)
				err := check(ctx, conn)
				cancel()
				if err != nil {
					t.Fatal(err)
				}
				if left := <-w.left; left > own || left < own-time.Second-own/10 {
					t.Errorf("a caller's own deadline of %s arrives as %s", own, left)
				}
			}
		})
	}
}

func TestWhatFailedIsNotRepeated(t *testing.T) {
	w, lis := watch{left: make(chan time.Duration, 16), fails: true}, listen(t, "127.0.0.1:0")
	serve(t, lis, w)
	conn, err := rpcclient.Dial(lis.Addr().String(), mtls.Plaintext())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := check(t.Context(), conn); status.Code(err) != codes.Unavailable {
		t.Errorf("the call returns %v", err)
	}
	if len(w.left) != 1 {
		t.Errorf("the service got the call %d times", len(w.left))
	}
}

func TestAServiceThatIsNotThereFailsAtOnceAndIsFoundWhenItComes(t *testing.T) {
	addr, err := harness.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := rpcclient.Dial(addr, mtls.Plaintext())
	if err != nil {
		t.Fatalf("a process must start before its peers: %v", err)
	}
	defer conn.Close()
	begun := time.Now()
	if err := check(t.Context(), conn); status.Code(err) != codes.Unavailable {
		t.Fatalf("the service is down, and the call returns %v", err)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the call failed after %s only", took)
	}
	serve(t, listen(t, addr), watch{left: make(chan time.Duration, 1)})
	for begun = time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := check(t.Context(), conn)
		if err == nil {
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("the service is back, and %s later the call returns %v", time.Since(begun), err)
		}
	}
}

func TestSeveralAddressesShareTheCallsAndStandInForEachOther(t *testing.T) {
	one, two := watch{left: make(chan time.Duration, 64)}, watch{left: make(chan time.Duration, 64)}
	first, second := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	serve(t, first, one)
	server := grpc.NewServer()
	healthv1.RegisterHealthServer(server, two)
	go func() { _ = server.Serve(second) }()
	conn, err := rpcclient.Dial(first.Addr().String()+", "+second.Addr().String(), mtls.Plaintext())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for begun := time.Now(); len(one.left) == 0 || len(two.left) == 0; {
		if err := check(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("the first has got %d calls, the second %d", len(one.left), len(two.left))
		}
	}
	server.GracefulStop() // as a replica that is replaced
	for range 10 {
		if err := check(t.Context(), conn); err != nil {
			t.Fatalf("one of two is gone: %v", err)
		}
	}
	if bad, err := rpcclient.Dial("127.0.0.1:1,nothing", mtls.Plaintext()); err == nil {
		defer bad.Close()
		if err := check(t.Context(), bad); err == nil {
			t.Error("an address without a port is used")
		}
	}
}
