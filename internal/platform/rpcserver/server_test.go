package rpcserver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// fake responds according to the token.
type fake struct {
	tokenv1.UnimplementedIntrospectionServiceServer
}

func (fake) IntrospectToken(_ context.Context, req *tokenv1.IntrospectTokenRequest) (*tokenv1.IntrospectTokenResponse, error) {
	switch req.GetToken() {
	case "panic":
		panic("vdo_oat_sentinel in a panic is our own text, the request's is not")
	case "forbidden":
		return nil, oerr.New(errorv1.Reason_REASON_WORKSPACE_FORBIDDEN, "not a member")
	case "inner":
		return nil, errors.New("pq: relation missing")
	case "field":
		return nil, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "token is odd", oerr.WithField("token"))
	}
	return &tokenv1.IntrospectTokenResponse{Active: true}, nil
}

// safeBuffer collects logs.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// serve starts a server with the fake on the network and a plaintext port.
func serve(t *testing.T, network *inproc.Network, logs *safeBuffer) (plainAddr string) {
	t.Helper()
	return serveCounted(t, network, logs, telemetry.New())
}

// serveCounted is serve with the metrics of the caller.
func serveCounted(t *testing.T, network *inproc.Network, logs *safeBuffer, metrics *telemetry.Metrics) (plainAddr string) {
	t.Helper()
	s := rpcserver.New(rpcserver.Options{
		Name: "token", Metrics: metrics, ResourceServers: []string{"video-api"},
		Logger: slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	tokenv1.RegisterIntrospectionServiceServer(s, fake{})
	authv3.RegisterAuthorizationServer(s, frontDoor{})
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.Serve(ctx, rpcserver.Listener{Listener: network.Listen("token"), Credentials: inproc.ServerCredentials()},
			rpcserver.Listener{Listener: lis, Credentials: mtls.Plaintext()})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return lis.Addr().String()
}

func client(t *testing.T, conn *grpc.ClientConn, err error) tokenv1.IntrospectionServiceClient {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return tokenv1.NewIntrospectionServiceClient(conn)
}

// TestOnlyACallerThatMayNotUseAMethodIsCountedAsDenied, and not a user or a client without a permission,
// whose code is the same.
func TestOnlyACallerThatMayNotUseAMethodIsCountedAsDenied(t *testing.T) {
	network, metrics := inproc.NewNetwork(), telemetry.New()
	serveCounted(t, network, &safeBuffer{}, metrics)
	for caller, token := range map[string]string{"gatewey": "ok", "video-api": "forbidden"} {
		conn, err := network.Dial(caller, "token")
		_, err = client(t, conn, err).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: token})
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s gets %v", caller, err)
		}
	}
	w := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := `usher_rpc_callers_denied_total{method="usher.token.v1.IntrospectionService/IntrospectToken"} 1`; !strings.Contains(w.Body.String(), want+"\n") {
		t.Errorf("the metrics do not have %s", want)
	}
}

func TestTheEdgeLetsOutOnlyWhatIsOurs(t *testing.T) {
	network, logs := inproc.NewNetwork(), &safeBuffer{}
	plain := serve(t, network, logs)
	conn, err := network.Dial("video-api", "token")
	c := client(t, conn, err)
	for token, want := range map[string]codes.Code{"ok": codes.OK, "panic": codes.Internal, "inner": codes.Internal, "field": codes.InvalidArgument} {
		_, err := c.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: token})
		if status.Code(err) != want {
			t.Errorf("%s: %v, want %s", token, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "pq:") || strings.Contains(err.Error(), "sentinel")) {
			t.Errorf("%s: inner text left: %v", token, err)
		}
	}
	if !strings.Contains(logs.String(), "pq: relation missing") {
		t.Error("the cause of an internal error is not in the log")
	}
	conn, err = network.Dial("gatewey", "token")
	stranger := client(t, conn, err)
	if _, err := stranger.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a stranger gets %v", err)
	}
	conn, err = grpc.NewClient("passthrough:///"+plain, grpc.WithTransportCredentials(insecure.NewCredentials()))
	local := client(t, conn, err)
	if _, err := local.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: "ok"}); err != nil {
		t.Errorf("a local caller at the plaintext port gets %v", err)
	}
}

// frontDoor is a service that is not ours, whose caller cancels before the response.
type frontDoor struct {
	authv3.UnimplementedAuthorizationServer
}

func (frontDoor) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return nil, fmt.Errorf("looking a token up: %w", context.Canceled)
}

func TestWhoLeavesAForeignServiceIsNoFaultOfOurs(t *testing.T) {
	network, logs := inproc.NewNetwork(), &safeBuffer{}
	serve(t, network, logs)
	conn, err := network.Dial("video-api", "token")
	client(t, conn, err) // closes it
	if _, err := authv3.NewAuthorizationClient(conn).Check(t.Context(), &authv3.CheckRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("Check: %v", err)
	}
	if log := logs.String(); !strings.Contains(log, "code=Canceled") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log has %s", log)
	}
}

func TestHealthIsForEverybodyInTheTrustDomain(t *testing.T) {
	network := inproc.NewNetwork()
	serve(t, network, &safeBuffer{})
	conn, err := network.Dial("gateway", "token")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	res, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil || res.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health is %v, %v", res.GetStatus(), err)
	}
}

func TestAServiceWithoutCallersDoesNotStart(t *testing.T) {
	s := rpcserver.New(rpcserver.Options{Name: "odd", Metrics: telemetry.New(), Logger: slog.New(slog.DiscardHandler)})
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "odd.Service", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Do"}},
	}, struct{}{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	lis := rpcserver.Listener{Listener: inproc.NewNetwork().Listen("odd"), Credentials: inproc.ServerCredentials()}
	if err := s.Serve(ctx, lis); err == nil || !strings.Contains(err.Error(), "odd.Service/Do") {
		t.Errorf("it started: %v", err)
	}
}

// rawCodec sends bytes unchanged.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil } //nolint:errcheck,forcetypeassert // the test's own
func (rawCodec) Unmarshal([]byte, any) error   { return nil }
func (rawCodec) Name() string                  { return "proto" }

// TestWhatIsNoMessageIsTheCallersFault: gRPC itself would return an internal error, which would
// alarm us.
func TestWhatIsNoMessageIsTheCallersFault(t *testing.T) {
	addr := serve(t, inproc.NewNetwork(), &safeBuffer{})
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for want, body := range map[codes.Code][]byte{codes.OK: {0x0a, 1, 'x'}, codes.InvalidArgument: {0x0a, 0x7f, 'x'}} {
		err := conn.Invoke(t.Context(), "/usher.token.v1.IntrospectionService/IntrospectToken", &body, &[]byte{}, grpc.ForceCodec(rawCodec{}))
		if status.Code(err) != want {
			t.Errorf("%v returns %v, want %s", body, err, want)
		}
	}
}
