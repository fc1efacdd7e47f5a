package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/vidocu/usher/internal/platform/release"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// scrape returns the text that an operator's Prometheus reads.
func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics returns %d", w.Code)
	}
	return w.Body.String()
}

func wantLine(t *testing.T, text, line string) {
	t.Helper()
	for got := range strings.Lines(text) {
		if strings.TrimSpace(got) == line {
			return
		}
	}
	t.Errorf("/metrics has no line %s", line)
}

func services() map[string]grpc.ServiceInfo {
	return map[string]grpc.ServiceInfo{
		"usher.token.v1.OAuthService": {Methods: []grpc.MethodInfo{{Name: "IssueToken"}, {Name: "RevokeToken"}}},
	}
}

func TestCallsAreCountedByMethodAndCode(t *testing.T) {
	m := telemetry.New()
	methods := m.Methods(services())
	issue := methods["/usher.token.v1.OAuthService/IssueToken"]
	if issue == nil || len(methods) != 2 {
		t.Fatalf("methods are %v", methods)
	}
	issue.Observe(codes.OK, time.Millisecond)
	issue.Observe(codes.OK, time.Millisecond)
	issue.Observe(codes.Unauthenticated, time.Second)
	issue.Observe(codes.Code(99), time.Second) // not a gRPC code: not counted
	issue.Denied()
	text := scrape(t, m)
	wantLine(t, text, `usher_rpc_callers_denied_total{method="usher.token.v1.OAuthService/IssueToken"} 1`)
	wantLine(t, text, `usher_rpc_callers_denied_total{method="usher.token.v1.OAuthService/RevokeToken"} 0`)
	wantLine(t, text, `usher_rpc_calls_total{code="OK",method="usher.token.v1.OAuthService/IssueToken"} 2`)
	wantLine(t, text, `usher_rpc_calls_total{code="Unauthenticated",method="usher.token.v1.OAuthService/IssueToken"} 1`)
	wantLine(t, text, `usher_rpc_calls_total{code="OK",method="usher.token.v1.OAuthService/RevokeToken"} 0`)
	wantLine(t, text, `usher_rpc_duration_seconds_count{method="usher.token.v1.OAuthService/IssueToken"} 3`)
}

func TestTheReleaseIsShown(t *testing.T) {
	build := release.Read()
	wantLine(t, scrape(t, telemetry.New()), `usher_build_info{commit="`+build.Commit+`",version="`+build.Version+`"} 1`)
	if build.Commit == "" || build.Version == "" {
		t.Errorf("the build is %+v", build)
	}
}

func TestRequestsAreCountedByRouteAndStatus(t *testing.T) {
	m := telemetry.New()
	m.HTTP("/oauth/token", http.StatusOK, 20*time.Millisecond)
	m.HTTP("/oauth/token", http.StatusUnauthorized, 20*time.Millisecond)
	m.HTTP("/oauth/token", http.StatusUnauthorized, 3*time.Second)
	m.HTTP("none", http.StatusNotFound, time.Microsecond)
	text := scrape(t, m)
	wantLine(t, text, `usher_http_requests_total{route="/oauth/token",status="200"} 1`)
	wantLine(t, text, `usher_http_requests_total{route="/oauth/token",status="401"} 2`)
	wantLine(t, text, `usher_http_requests_total{route="none",status="404"} 1`)
	wantLine(t, text, `usher_http_duration_seconds_count{route="/oauth/token"} 3`)
	wantLine(t, text, `usher_http_duration_seconds_sum{route="/oauth/token"} 3.04`)
}

func TestTheProcessIsShownToo(t *testing.T) {
	text := scrape(t, telemetry.New())
	for _, name := range []string{"go_goroutines ", "process_cpu_seconds_total "} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("/metrics has no %s", name)
		}
	}
}

func TestProcessesDoNotShareTheirFigures(t *testing.T) {
	one, two := telemetry.New(), telemetry.New()
	one.HTTP("/signin", http.StatusOK, time.Millisecond)
	if strings.Contains(scrape(t, two), "/signin") {
		t.Error("a second registry shows the first one's requests")
	}
}

func TestNilCountsNothing(t *testing.T) {
	var m *telemetry.Metrics
	m.HTTP("/signin", http.StatusOK, time.Millisecond)
	methods := m.Methods(services())
	if len(methods) != 0 {
		t.Errorf("nil prepares %v", methods)
	}
	methods["/usher.token.v1.OAuthService/IssueToken"].Observe(codes.OK, time.Millisecond)
}
