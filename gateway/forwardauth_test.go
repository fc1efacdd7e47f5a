package gateway_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/sdk/enforce"
)

// forwardAuth sends a subrequest as a reverse proxy does, with headers as pairs.
func forwardAuth(header ...string) *httptest.ResponseRecorder {
	return forwardAuthLogging(&bytes.Buffer{}, header...)
}

// forwardAuthLogging is forwardAuth with what is logged, at every level.
func forwardAuthLogging(log io.Writer, header ...string) *httptest.ResponseRecorder {
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := gateway.ForwardAuth(gateway.DefaultConfig(), gateway.Deps{Checker: checker{}, Logger: logger, Metrics: telemetry.New()})
	r := httptest.NewRequest(http.MethodGet, gateway.ForwardAuthPath, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func asNginx(method, uri string, more ...string) *httptest.ResponseRecorder {
	return forwardAuth(append(more, "X-Original-URI", uri, "X-Original-Method", method)...)
}

func asTraefik(method, uri string, more ...string) *httptest.ResponseRecorder {
	return forwardAuth(append(more, "X-Forwarded-Uri", uri, "X-Forwarded-Method", method)...)
}

func TestForwardAuthReturnsTheIdentityOfAnAllowedRequest(t *testing.T) {
	for name, send := range map[string]func(string, string, ...string) *httptest.ResponseRecorder{"nginx": asNginx, "Traefik": asTraefik} {
		for token, want := range map[string]string{
			twoScopes: "usr_1|app_1|ws_1|videos:read analyze:write|access_token", apiKey: "key_1||ws_1||api_key",
		} {
			w := send("GET", "/v1/videos?access_token=x", append(bearer(token), "Usher-Client-Id", "spoofed", "Usher-Scope", "spoofed")...)
			h := w.Header()
			got := strings.Join([]string{
				h.Get("Usher-Subject"), h.Get("Usher-Client-Id"), h.Get("Usher-Workspace-Id"), h.Get("Usher-Scope"), h.Get("Usher-Token-Kind"),
			}, "|")
			if w.Code != 200 || got != want || w.Body.Len() > 0 || h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s with %s: %d %s %v", name, token, w.Code, got, h)
			}
		}
	}
}

func TestForwardAuthReturnsTheDocumentedDenialInTheProxysFormat(t *testing.T) {
	for _, row := range []struct {
		method, uri, token  string
		status, nginxStatus int
		challenge, body     string
	}{
		{"GET", "/v1/videos", "", 401, 401, noTokenChallenge, documented("authentication_error", noToken)},
		{"GET", "/v1/videos", unknown, 401, 401, badTokenChallenge, documented("authentication_error", badToken)},
		{"POST", "/v1/videos/1/export", twoScopes, 403, 403, noScopeChallenge, documented("insufficient_scope", noScope)},
		{"POST", "/v1/videos/1/export", freePlan, 403, 403, "", documented("plan_restricted", noPlan)},
		{"GET", "/v1/nowhere", allScopes, 404, 403, "", documented("not_found", noPath)},
		{"GET", "/v1/%76ideos", allScopes, 404, 403, "", documented("not_found", noPath)},
		{"GET", "/v1/videos/?", allScopes, 404, 403, "", documented("not_found", noPath)},
		{"HEAD", "/v1/videos", allScopes, 404, 403, "", documented("not_found", noPath)},
		{"GET", "/v1/videos", brokenDep, 503, 503, "", documented("unavailable", down)},
	} {
		var header []string
		if row.token != "" {
			header = bearer(row.token)
		}
		for name, w := range map[string]*httptest.ResponseRecorder{
			"nginx": asNginx(row.method, row.uri, header...), "Traefik": asTraefik(row.method, row.uri, header...),
		} {
			h := w.Header()
			want, denialStatus, denialBody := row.status, "", ""
			if name == "nginx" {
				want, denialStatus, denialBody = row.nginxStatus, strconv.Itoa(row.status), strings.TrimSpace(row.body)
			}
			if w.Code != want || w.Body.String() != row.body || h.Get("WWW-Authenticate") != row.challenge || h.Get("Usher-Subject") != "" {
				t.Errorf("%s, %s %s with %q: %d %v %s", name, row.method, row.uri, row.token, w.Code, h, w.Body)
			}
			if got := h.Get("Usher-Denial-Body"); got != denialBody || h.Get("Usher-Denial-Status") != denialStatus {
				t.Errorf("%s, %s %s: the denial headers are %s %s", name, row.method, row.uri, h.Get("Usher-Denial-Status"), got)
			}
		}
	}
}

func TestAMalformedSubrequestIsDenied(t *testing.T) {
	for name, header := range map[string][]string{
		"no headers":                         nil,
		"no method":                          {"X-Original-URI", "/v1/videos"},
		"no path":                            {"X-Original-Method", "GET"},
		"an empty method":                    {"X-Original-URI", "/v1/videos", "X-Original-Method", ""},
		"an empty path":                      {"X-Original-URI", "", "X-Original-Method", "GET"},
		"a URL as the path":                  {"X-Original-URI", "http://api.test/v1/videos", "X-Original-Method", "GET"},
		"two paths":                          {"X-Original-URI", "/v1/videos", "X-Original-URI", "/v1/videos", "X-Original-Method", "GET"},
		"two methods":                        {"X-Original-URI", "/v1/videos", "X-Original-Method", "GET", "X-Original-Method", "GET"},
		"a header of the client beside them": {"X-Original-URI", "/v1/videos", "X-Original-Method", "GET", "X-Forwarded-Uri", "/v1/usage"},
		"halves of both":                     {"X-Original-URI", "/v1/videos", "X-Forwarded-Method", "GET"},
		"both":                               {"X-Original-URI", "/v1/videos", "X-Original-Method", "GET", "X-Forwarded-Uri", "/v1/videos", "X-Forwarded-Method", "GET"},
		"no forwarded method":                {"X-Forwarded-Uri", "/v1/videos"},
		"two forwarded paths":                {"X-Forwarded-Uri", "/v1/videos", "X-Forwarded-Uri", "/v1/usage", "X-Forwarded-Method", "GET"},
	} {
		w := forwardAuth(append(header, bearer(allScopes)...)...)
		nginx := strings.Contains(strings.Join(header, " "), "X-Original")
		if nginx && (w.Code != 403 || w.Header().Get("Usher-Denial-Status") != "400") || !nginx && w.Code != 400 {
			t.Errorf("%s responds %d %v", name, w.Code, w.Header())
		}
		if !strings.Contains(w.Body.String(), "invalid_request") || w.Header().Get("Usher-Subject") != "" {
			t.Errorf("%s responds %s", name, w.Body)
		}
	}
}

// TestAMalformedSubrequestHasItsCause: nginx gets 403 for it, which is that of another cause.
func TestAMalformedSubrequestHasItsCause(t *testing.T) {
	for name, header := range map[string][]string{
		"nginx": {"X-Original-URI", "http://api.test/v1/videos", "X-Original-Method", "GET"}, "Traefik": {"X-Forwarded-Uri", "/v1/videos"},
	} {
		var log bytes.Buffer
		w := forwardAuthLogging(&log, header...)
		if line := refusalLine(log.String()); !strings.Contains(line, "cause=query_malformed") {
			t.Errorf("%s: %d has the line %q of %s", name, w.Code, line, &log)
		}
	}
}

func TestForwardAuthReadsTheTokenFromOneAuthorizationHeader(t *testing.T) {
	if w := asNginx("GET", "/v1/videos", append(bearer(apiKey), bearer(allScopes)...)...); w.Code != 401 {
		t.Errorf("two tokens get %d", w.Code)
	}
	if w := asTraefik("GET", "/v1/videos?access_token="+allScopes, "X-Api-Key", apiKey); w.Code != 401 {
		t.Errorf("a token in the query gets %d", w.Code)
	}
}

// TestFault_F10_ForwardAuthDenialsMayBeReadInABrowser, as those of /v1.
func TestFault_F10_ForwardAuthDenialsMayBeReadInABrowser(t *testing.T) {
	for name, w := range map[string]*httptest.ResponseRecorder{
		"nginx": asNginx("GET", "/v1/videos"), "Traefik": asTraefik("GET", "/v1/nowhere", bearer(allScopes)...), "no headers": forwardAuth(),
	} {
		h := w.Header()
		if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Expose-Headers") != enforce.ExposedHeaders {
			t.Errorf("%s: %d %v", name, w.Code, h)
		}
	}
	if w := asTraefik("GET", "/v1/videos", bearer(allScopes)...); w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("an allowed request has CORS headers, which are the API's to set: %d %v", w.Code, w.Header())
	}
}

// asIngress sends the headers of ingress-nginx by default, which forwards the client's own headers
// too.
func asIngress(method, host, uri string, client ...string) *httptest.ResponseRecorder {
	return forwardAuth(append(client,
		"X-Original-URL", "https://"+host+uri, "X-Original-Method", method, "X-Sent-From", "nginx-ingress-controller",
		"X-Real-IP", "203.0.113.9", "X-Forwarded-For", "203.0.113.9", "X-Auth-Request-Redirect", uri)...)
}

func TestFault_B6_SubrequestsOfIngressNginxAreParsed(t *testing.T) {
	for uri, status := range map[string]int{
		"/v1/videos": 200, "/v1/videos?limit=2&next=/v1/usage": 200, "/v1/videos?a=https://x.test/v1/nowhere": 200,
		"/v1/nowhere": 404, "/v1/%76ideos": 404, "//v1/videos": 404, "/v1/videos/": 404, "/v1/../v1/videos": 404, "/v1/videos#/v1/usage": 404,
	} {
		for _, host := range []string{"api.test", "api.test:8443", "[2001:db8::1]:443", ""} {
			w := asIngress("GET", host, uri, bearer(allScopes)...)
			denied := w.Header().Get("Usher-Denial-Status")
			if status == 200 && (w.Code != 200 || w.Header().Get("Usher-Subject") != "usr_1") || status == 404 && (w.Code != 403 || denied != "404") {
				t.Errorf("%s at %q gets %d, denial %q", uri, host, w.Code, denied)
			}
		}
	}
	if w := asIngress("GET", "api.test", "/v1/videos"); w.Code != 401 || w.Header().Get("WWW-Authenticate") != noTokenChallenge {
		t.Errorf("without a token: %d %v", w.Code, w.Header())
	}
}

// TestFault_B6_AClientsHeadersNeverDescribeTheRequest: ingress-nginx overwrites only the URL and
// the method.
func TestFault_B6_AClientsHeadersNeverDescribeTheRequest(t *testing.T) {
	for name, added := range map[string][]string{
		"a path": {"X-Original-URI", "/v1/videos"}, "two paths": {"X-Original-URI", "/v1/nowhere", "X-Original-URI", "/v1/videos"},
		"another pair": {"X-Forwarded-Uri", "/v1/videos", "X-Forwarded-Method", "GET"}, "half of it": {"X-Forwarded-Method", "GET"},
	} {
		if w := asIngress("GET", "api.test", "/v1/nowhere", append(bearer(allScopes), added...)...); w.Code != 403 || w.Header().Get("Usher-Denial-Status") != "400" {
			t.Errorf("%s beside the address gets %d %v", name, w.Code, w.Header())
		}
	}
	for _, host := range []string{"api.test?", "api.test#", "a@api.test", `api.test\`, "api.test%2f", "api.test;x", "a, b", "api test"} {
		if w := asIngress("GET", host, "/v1/videos", bearer(allScopes)...); w.Code != 403 || w.Header().Get("Usher-Denial-Status") != "400" {
			t.Errorf("the host %q gets %d", host, w.Code)
		}
	}
	same := append(bearer(allScopes), "X-Original-URI", "/v1/videos?a=b")
	if w := asIngress("GET", "api.test", "/v1/videos?a=b", same...); w.Code != 200 {
		t.Errorf("an equal path and URL get %d %s", w.Code, w.Body)
	}
	if w := asTraefik("GET", "/v1/videos", append(bearer(allScopes), "X-Original-URL", "https://api.test/v1/nowhere")...); w.Code != 200 {
		t.Errorf("a URL header that a client sent through another proxy gets %d", w.Code)
	}
	for _, text := range []string{"/v1/videos", "ftp://api.test/v1/videos", "https://api.test", "https:/api.test/v1/videos", "//api.test/v1/videos", ""} {
		if w := forwardAuth(append(bearer(allScopes), "X-Original-URL", text, "X-Original-Method", "GET")...); w.Code != 403 {
			t.Errorf("the address %q gets %d", text, w.Code)
		}
	}
}
