package httpx_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/refusal"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// site is a router with its log and metrics.
type site struct {
	*httpx.Router
	logs    *bytes.Buffer
	metrics *telemetry.Metrics
}

func newSite(tls bool) site {
	s := site{logs: &bytes.Buffer{}, metrics: telemetry.New()}
	logger := slog.New(slog.NewTextHandler(s.logs, nil))
	s.Router = httpx.NewRouter(httpx.RouterConfig{
		Logger: logger, Metrics: s.metrics, Timeout: time.Minute, TLS: tls, PublicURL: "https://example.com",
		Refusals: refusal.Reporter{Logger: logger, Metrics: s.metrics},
		NotFound: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "nowhere", http.StatusNotFound) }),
	})
	return s
}

func text(s string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) })
}

func (s site) send(method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s site) wantMetric(t *testing.T, line string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(w.Body.String(), line+"\n") {
		t.Errorf("/metrics has no %s", line)
	}
}

func TestAPathIsMatchedExactlyAsItWasSent(t *testing.T) {
	s := newSite(false)
	s.Get("/signin", text("signin"))
	for target, want := range map[string]int{
		"/signin": 200, "/signin?request=x": 200, "/signin/": 404, "//signin": 404, "/x/../signin": 404, "/./signin": 404,
		"/sign%69n": 404, "/SignIn": 404, "/signin;a=b": 404, "/signin%2f": 404, "/": 404,
	} {
		w := s.send(http.MethodGet, target)
		if w.Code != want || w.Header().Get("Location") != "" {
			t.Errorf("%s responds %d %s, want %d", target, w.Code, w.Header().Get("Location"), want)
		}
	}
	s.wantMetric(t, `usher_http_requests_total{route="/signin",status="200"} 2`)
	s.wantMetric(t, `usher_http_requests_total{route="none",status="404"} 9`)
}

func TestAMethodThatIsNotRoutedIs405WithAllow(t *testing.T) {
	s := newSite(false)
	s.Get("/signin", text("page"))
	s.Form("/signin", text("posted"))
	s.Form("/signout", text("posted"))
	for _, row := range []struct{ method, path, allow string }{
		{http.MethodDelete, "/signin", "GET, HEAD, POST"}, {http.MethodOptions, "/signin", "GET, HEAD, POST"}, {http.MethodGet, "/signout", "POST"},
	} {
		w := s.send(row.method, row.path)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != row.allow {
			t.Errorf("%s %s responds %d, Allow %q, want %q", row.method, row.path, w.Code, w.Header().Get("Allow"), row.allow)
		}
	}
	if w := s.send(http.MethodHead, "/signin"); w.Code != http.StatusOK {
		t.Errorf("HEAD responds %d", w.Code)
	}
}

func TestHEADHasNoBody(t *testing.T) {
	s := newSite(false)
	s.Get("/signin", text("page"))
	server := httptest.NewServer(s)
	defer server.Close()
	res, err := http.Head(server.URL + "/signin")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || len(body) > 0 {
		t.Errorf("HEAD responds %d %q", res.StatusCode, body)
	}
}

func TestHandleRoutesEveryMethod(t *testing.T) {
	s := newSite(false)
	s.Handle("/oauth/token", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Method) }))
	if w := s.send("PURGE", "/oauth/token"); w.Body.String() != "PURGE" {
		t.Errorf("the handler received %q", w.Body)
	}
}

func TestAPanicIsA500ThatIsLoggedAndCounted(t *testing.T) {
	s := newSite(false)
	s.Get("/signin", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("out of cheese") }))
	w := s.send(http.MethodGet, "/signin?request=sentinel")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "cheese") {
		t.Errorf("the client gets %d %q", w.Code, w.Body)
	}
	if logs := s.logs.String(); !strings.Contains(logs, "out of cheese") || !strings.Contains(logs, "router_test.go") {
		t.Errorf("the log has no panic or no stack: %s", logs)
	}
	if strings.Contains(s.logs.String(), "sentinel") {
		t.Error("the log has the request's query")
	}
	s.wantMetric(t, `usher_http_requests_total{route="/signin",status="500"} 1`)
}

func TestAFormFromAnotherSiteIsRefused(t *testing.T) {
	s := newSite(true)
	s.Form("/signout", text("posted"))
	form := []string{"Content-Type", httpx.TypeForm}
	for name, row := range map[string]struct {
		header []string
		want   int
	}{
		"the same origin":               {append(form, "Sec-Fetch-Site", "same-origin", "Origin", "https://example.com"), http.StatusOK},
		"another site":                  {append(form, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		"another host of the same site": {append(form, "Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		"another origin":                {append(form, "Origin", "https://evil.test"), http.StatusForbidden},
		"a page without an origin":      {append(form, "Origin", "null"), http.StatusForbidden},
		"another media type":            {[]string{"Content-Type", "text/plain"}, http.StatusUnsupportedMediaType},
		"no media type":                 {nil, http.StatusUnsupportedMediaType},
	} {
		w := s.send(http.MethodPost, "https://example.com/signout", row.header...)
		if w.Code != row.want || (w.Body.String() == "posted") != (row.want == http.StatusOK) {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, row.want)
		}
	}
}

func TestHSTSIsSentOnlyWithTLS(t *testing.T) {
	for tls, want := range map[bool]string{true: "max-age=63072000", false: ""} {
		s := newSite(tls)
		s.Get("/signin", text("page"))
		for _, path := range []string{"/signin", "/nowhere"} {
			h := s.send(http.MethodGet, path).Header()
			if h.Get("Strict-Transport-Security") != want || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("TLS %t: %s has the headers %v", tls, path, h)
			}
		}
	}
}

func TestADisconnectedClientIsCountedAs499AndNotLogged(t *testing.T) {
	s := newSite(false)
	s.Get("/consent", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		http.Error(w, "too late", http.StatusServiceUnavailable)
	}))
	ctx, disconnect := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, disconnect)
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/consent", nil))
	s.wantMetric(t, `usher_http_requests_total{route="/consent",status="499"} 1`)
	if s.logs.Len() > 0 {
		t.Errorf("the log has %s", s.logs)
	}
}

func TestAHandlersContextHasTheTimeout(t *testing.T) {
	metrics := telemetry.New()
	logs := &bytes.Buffer{}
	logger := slog.New(slog.NewTextHandler(logs, nil))
	r := httpx.NewRouter(httpx.RouterConfig{
		Logger: logger, Metrics: metrics, Timeout: 20 * time.Millisecond, Refusals: refusal.Reporter{Logger: logger, Metrics: metrics},
	})
	r.Get("/consent", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		http.Error(w, "", http.StatusServiceUnavailable)
	}))
	s := site{Router: r, logs: logs, metrics: metrics}
	if w := s.send(http.MethodGet, "/consent"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("it responds %d", w.Code)
	}
	s.wantMetric(t, `usher_http_requests_total{route="/consent",status="503"} 1`)
	if !strings.Contains(logs.String(), "status=503") {
		t.Errorf("a 503 is not in the log: %s", logs)
	}
}

// TestAnInterimResponseIsNotCounted: an upstream may send Early Hints (RFC 8297) before it fails.
func TestAnInterimResponseIsNotCounted(t *testing.T) {
	s := newSite(false)
	s.Get("/signin", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusBadGateway)
	}))
	s.send(http.MethodGet, "/signin")
	s.wantMetric(t, `usher_http_requests_total{route="/signin",status="502"} 1`)
}

func TestUnderRoutesEveryPathThatMayBeReadAsOneOfThePrefix(t *testing.T) {
	s := newSite(false)
	s.Get("/v1/own", text("own"))
	s.Under("/v1/", text("open"))
	for target, want := range map[string]string{
		"/v1/x": "open", "/v1/": "open", "/v1": "open", "//v1/x": "open", "/v1/../signin": "open", "/x/../v1/y": "open", "/%761/x": "open",
		"/v1%2fx": "open", "/v1/%2e%2e/x": "open", "/v1/own": "own", "/v1/own/": "open", "/v10": "nowhere\n", "/V1/x": "nowhere\n", "/x/v1/": "nowhere\n",
	} {
		if w := s.send("PURGE", target); want != "own" && w.Body.String() != want {
			t.Errorf("%s gets %q", target, w.Body)
		}
	}
	if w := s.send(http.MethodGet, "/v1/own"); w.Body.String() != "own" {
		t.Errorf("an exact route gets %q", w.Body)
	}
	s.wantMetric(t, `usher_http_requests_total{route="/v1/",status="200"} 10`)
}

func TestUnderAPrefixTheContextHasNoDeadline(t *testing.T) {
	s := newSite(false)
	s.Under("/v1/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, bounded := r.Context().Deadline(); bounded {
			t.Error("it has a deadline")
		}
	}))
	s.send(http.MethodGet, "/v1/x")
}

func TestAnAbortedResponseClosesTheConnectionAndIsCounted(t *testing.T) {
	s := newSite(false)
	s.Under("/v1/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	}))
	func() {
		defer func() {
			if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // net/http documents this value
				t.Errorf("it ends with %v", got)
			}
		}()
		s.send(http.MethodGet, "/v1/x")
	}()
	s.wantMetric(t, `usher_http_requests_total{route="/v1/",status="200"} 1`)
	if s.logs.Len() > 0 {
		t.Errorf("the log has %s", s.logs)
	}
}

// TestRFC9112_6_1_ChunksCloseTheConnection: a proxy may have used a Content-Length beside the
// chunks.
func TestRFC9112_6_1_ChunksCloseTheConnection(t *testing.T) {
	s := newSite(false)
	s.Handle("/oauth/token", text("ok"))
	for chunked, want := range map[bool]string{true: "close", false: ""} {
		r := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader("x"))
		if chunked {
			r.TransferEncoding = []string{"chunked"}
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := w.Header().Get("Connection"); got != want {
			t.Errorf("chunked %t: Connection is %q", chunked, got)
		}
	}
}
