package run_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/run"
)

// probe sends a kubelet's probe: gRPC without TLS.
func probe(t *testing.T, addr, service string) (healthv1.HealthCheckResponse_ServingStatus, error) {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	res, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{Service: service})
	return res.GetStatus(), err
}

// served returns a process that serves a token service without RPCs at a port, and the function
// that ends it.
func served(t *testing.T, s *run.Settings) (*run.Host, net.Listener, context.CancelFunc) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	h, err := run.NewAllInOne(ctx, s, run.AllInOne{
		Network: inproc.NewNetwork(),
		Listeners: func(*run.Host) ([]rpcserver.Listener, error) {
			return []rpcserver.Listener{{Listener: lis, Credentials: mtls.Plaintext()}}, nil
		},
	}, &log{})
	must(t, err)
	must(t, h.For("token").Serve(func(grpc.ServiceRegistrar) {}))
	return h, lis, stop
}

func TestAKubeletWithoutACertificateLearnsWhetherTheProcessIsReady(t *testing.T) {
	s := settings(t)
	s.DrainTime = time.Minute
	h, stop := host(t, s)
	var down atomic.Bool
	h.Checking(func(context.Context) error {
		if down.Load() {
			return errors.New("database at 10.0.0.7 is unreachable")
		}
		return nil
	})
	must(t, h.ServeAdmin())
	end := make(chan struct{})
	failing := errors.New("ends the drain")
	h.Go(func(context.Context) error { <-end; return failing })
	done := wait(h)
	admin := "http://" + s.AdminAddr
	becomes(t, admin+"/readyz", http.StatusOK)

	if got, err := probe(t, s.AdminAddr, ""); err != nil || got != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("a ready process returns %s, %v", got, err)
	}
	if _, err := probe(t, s.AdminAddr, "usher.token.v1.GrantService"); status.Code(err) != codes.NotFound {
		t.Errorf("a part of the process returns %v, want NOT_FOUND", err)
	}
	down.Store(true)
	if got, err := probe(t, s.AdminAddr, ""); err != nil || got != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("a process whose database is away returns %s, %v", got, err)
	}
	if code, _ := get(admin + "/healthz"); code != http.StatusOK {
		t.Errorf("/healthz returns %d although the process lives", code)
	}
	down.Store(false)
	stop()
	becomes(t, admin+"/readyz", http.StatusServiceUnavailable)
	if got, err := probe(t, s.AdminAddr, ""); err != nil || got != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("a process that drains returns %s, %v", got, err)
	}
	close(end)
	if err := <-done; !errors.Is(err, failing) {
		t.Errorf("the process ends with %v", err)
	}
}

// TestFault_F6_ADrainingServiceIsNotServingOnItsOwnPort from the moment that it drains, as on its
// admin port, while it still responds to calls.
func TestFault_F6_ADrainingServiceIsNotServingOnItsOwnPort(t *testing.T) {
	s := settings(t)
	s.DrainTime = time.Minute
	h, lis, stop := served(t, s)
	must(t, h.ServeAdmin())
	end := make(chan struct{})
	failing := errors.New("ends the drain")
	h.Go(func(context.Context) error { <-end; return failing })
	done := wait(h)
	becomesHealth := func(want healthv1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		var got healthv1.HealthCheckResponse_ServingStatus
		var err error
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if got, err = probe(t, lis.Addr().String(), ""); err == nil && got == want {
				return
			}
		}
		t.Fatalf("the service's own port returns %s, %v, want %s", got, err, want)
	}
	becomesHealth(healthv1.HealthCheckResponse_SERVING)
	stop()
	becomesHealth(healthv1.HealthCheckResponse_NOT_SERVING)
	close(end)
	if err := <-done; !errors.Is(err, failing) {
		t.Errorf("the process ends with %v", err)
	}
}

// TestFault_F6_BothPortsSayWhetherTheProcessIsReady: not only whether the one service is.
func TestFault_F6_BothPortsSayWhetherTheProcessIsReady(t *testing.T) {
	h, lis, stop := served(t, settings(t))
	asked := make(chan struct{}, 100)
	h.Checking(func(context.Context) error { asked <- struct{}{}; return errors.New("another part is away") })
	done := wait(h)
	for range 2 { // the second response is the cached result of the first check
		<-asked
	}
	if got, err := probe(t, lis.Addr().String(), ""); err != nil || got != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("the service's own port returns %s, %v although the process is not ready", got, err)
	}
	stop()
	must(t, end(t, done))
}
