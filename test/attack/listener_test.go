package attack

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestCase119_ThePublicListenerHasTheProductAndNothingElse: it serves only the documented paths, to
// health probes too.
func TestCase119_ThePublicListenerHasTheProductAndNothingElse(t *testing.T) {
	wantServing(t)
	for _, path := range []string{
		"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/readyz", "/livez", "/swagger", "/swagger/index.html", "/v2/api-docs",
		"/internal/", "/internal/users", "/admin", "/admin/", "/.env", "/.git/config", "/server-status", "/actuator", "/graphql", "/forward-auth", "/grpc.health.v1.Health/Check",
		"/config", "/oauth/register", "/oauth/clients", "/assets/", "/assets/../go.mod", "/..%2f..%2fetc/passwd", "/.well-known/", "/robots.txt",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead} {
			a := send(t, httpRequest{Method: method, Path: path})
			if a.Status != http.StatusNotFound || a.Header.Get("Location") != "" {
				t.Errorf("%s %s: %d, Location %q", method, path, a.Status, a.Header.Get("Location"))
			}
		}
	}
	health := send(t, httpRequest{Method: http.MethodGet, Path: "/healthz?verbose"})
	if health.Status != http.StatusOK || health.Raw != "ok\n" {
		t.Errorf("health returned %d %q", health.Status, health.Raw)
	}
	for _, text := range []string{"TRACE / HTTP/1.1", "TRACE /oauth/token HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT token:9090 HTTP/1.1", "GET http://token:9090/metrics HTTP/1.1", "PROPFIND / HTTP/1.1"} {
		r := exchange(t, text+"\r\nHost: x\r\nX-Secret: sentinel\r\nConnection: close\r\n\r\n")
		if s := r.status(); s != http.StatusNotFound && s != http.StatusMethodNotAllowed && s != http.StatusBadRequest {
			t.Errorf("%s returned %d", text, s)
		}
		for _, a := range r.Responses {
			if strings.Contains(a.Raw, "sentinel") {
				t.Errorf("%s is echoed", text)
			}
		}
	}
	for _, agent := range []string{"kube-probe/1.30", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "Prometheus/3.0"} {
		for path, status := range map[string]int{
			"/v1/videos": 401, "/account/connected-apps": 303, "/consent": 303, harness.Request{}.Path(): 303, "/api/v1/user/x": 400, "/metrics": 404,
		} {
			a := send(t, httpRequest{Method: http.MethodGet, Path: path, Header: []string{"User-Agent", agent}})
			expect.Equal(t, path+" for "+agent, a.Status, status)
			for _, name := range []string{"Server", "X-Powered-By", "Via", "X-Aspnet-Version"} {
				expect.Equal(t, name+" of "+path, a.Header.Get(name), "")
			}
		}
	}
}
