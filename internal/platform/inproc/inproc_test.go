package inproc_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/policy"
)

// serve serves health with this package's credentials until the test ends, and sends the callers'
// names.
func serve(t *testing.T, lis net.Listener) <-chan string {
	t.Helper()
	callers := make(chan string, 8)
	server := grpc.NewServer(grpc.Creds(inproc.ServerCredentials()), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			name, _ := policy.CallerFrom(ctx)
			callers <- name
			return handler(ctx, req)
		}))
	healthv1.RegisterHealthServer(server, health.NewServer())
	done := make(chan error, 1)
	go func() { done <- server.Serve(lis) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) { // stopped before it began
			t.Error(err)
		}
	})
	return callers
}

func call(t *testing.T, conn *grpc.ClientConn, err error) error {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	return err
}

func TestTheCallerIsWhoDialSaid(t *testing.T) {
	network := inproc.NewNetwork()
	callers := serve(t, network.Listen("token"))
	for _, name := range []string{"gateway", "consent", "video api", strings.Repeat("x", 64)} {
		conn, err := network.Dial(name, "token")
		if err := call(t, conn, err); err != nil {
			t.Fatalf("%q cannot call: %v", name, err)
		}
		if got := <-callers; got != name {
			t.Errorf("%q is taken for %q", name, got)
		}
	}
}

func TestServicesAreReachedByTheirNames(t *testing.T) {
	network := inproc.NewNetwork()
	conn, err := network.Dial("gateway", "authz") // before the service listens
	token, authz := serve(t, network.Listen("token")), serve(t, network.Listen("authz"))
	if err := call(t, conn, err); err != nil {
		t.Fatal(err)
	}
	if len(token) != 0 || len(authz) != 1 {
		t.Errorf("token got %d calls and authz %d, want 0 and 1", len(token), len(authz))
	}
	if network.Listen("token") == network.Listen("authz") || network.Listen("token") != network.Listen("token") {
		t.Error("a name does not stand for one listener")
	}
}

func TestNetworksDoNotMeet(t *testing.T) {
	serve(t, inproc.NewNetwork().Listen("token"))
	conn, err := inproc.NewNetwork().Dial("gateway", "token")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}); err == nil {
		t.Error("a service of another network responds")
	}
}

func TestANameThatIsNoneIsRefused(t *testing.T) {
	network := inproc.NewNetwork()
	callers := serve(t, network.Listen("token"))
	for _, name := range []string{"", strings.Repeat("x", 65), strings.Repeat("x", 1<<16+7)} {
		if conn, err := network.Dial(name, "token"); err == nil {
			t.Errorf("a caller of %d characters: %v, taken for %q", len(name), call(t, conn, nil), <-callers)
		}
	}
}

func TestTheServerDoesNotBelieveABadHello(t *testing.T) {
	for name, hello := range map[string][]byte{
		"an empty name": {0}, "a name too long": append([]byte{65}, strings.Repeat("x", 65)...),
		"a name cut off": {9, 'g', 'a'}, "nothing": {},
	} {
		lis := bufconn.Listen(1 << 10)
		go func() { // Dial waits for Accept
			if ours, err := lis.Dial(); err == nil {
				_, _ = ours.Write(hello)
				_ = ours.Close()
			}
		}()
		theirs, err := lis.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, info, err := inproc.ServerCredentials().ServerHandshake(theirs); err == nil {
			t.Errorf("%s: accepted as %v", name, info)
		}
	}
}

func TestNobodyFromOutsideTheProcessIsBelieved(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := lis.Addr().String()
	callers := serve(t, lis)
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err := call(t, conn, err); err == nil {
		t.Errorf("a plaintext caller over TCP is %q", <-callers)
	}
	// A client with the right first bytes is refused too.
	conn, err = inproc.NewNetwork().Dial("gateway", "token", grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	}))
	if err := call(t, conn, err); err == nil {
		t.Errorf("a caller over TCP that states a name is %q", <-callers)
	}
}
