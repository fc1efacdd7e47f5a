package proxies

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// request sends a request to an address, with headers as pairs whose names keep their spelling.
func request(t *testing.T, method, address, token string, header ...string) harness.Response {
	t.Helper()
	return send(t, method, address, token, nil, header...)
}

func send(t *testing.T, method, address, token string, body io.Reader, header ...string) harness.Response {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 1 << 20}
	return (&running{transport: transport}).send(t, method, address, token, body, header...)
}

// send sends a request to a path of the proxy.
func (r *running) send(t *testing.T, method, path, token string, body io.Reader, header ...string) harness.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, body)
	expect.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set(caseHeader, t.Name())
	for i := 0; i < len(header); i += 2 {
		req.Header[header[i]] = append(req.Header[header[i]], header[i+1])
	}
	res, err := (&http.Client{
		Transport: r.transport, Timeout: 2 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).Do(req)
	expect.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	expect.NoError(t, err)
	return harness.Response{Status: res.StatusCode, Header: res.Header, Raw: string(raw)}
}

// sendRaw sends bytes unchanged and returns the status; 0 where the connection was closed instead.
func sendRaw(t *testing.T, rp *running, request string) int {
	t.Helper()
	conn, err := net.Dial("tcp", host(t, rp.url))
	expect.NoError(t, err)
	defer conn.Close()
	expect.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, request)
	expect.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// wantForwarded returns the request that the API received, and fails the test if it received none.
func wantForwarded(t *testing.T, a harness.Response) received {
	t.Helper()
	var r received
	if err := json.Unmarshal([]byte(a.Raw), &r); err != nil || a.Status != http.StatusOK {
		t.Fatalf("returned %d %.500s %v", a.Status, a.Raw, a.Header)
	}
	return r
}

// denial returns the documented error response.
func denial(code, message string) string {
	return `{"error":{"code":"` + code + `","message":"` + message + `"}}`
}

// The two error responses when Usher or the API is unavailable.
const (
	unavailable = "The service is temporarily unavailable, try again shortly"
	silent      = "The service behind this endpoint did not answer"
)

// wantDenied checks a denial's documented form: status, body, challenge, CORS and caching headers.
func wantDenied(t *testing.T, a harness.Response, status int, body, challenge string) {
	t.Helper()
	h := a.Header
	if a.Status != status || strings.TrimSpace(a.Raw) != body || strings.Join(h["Www-Authenticate"], "&") != challenge {
		t.Errorf("returned %d %s, challenge %q; want %d %s, challenge %q", a.Status, a.Raw, h["Www-Authenticate"], status, body, challenge)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"} {
		if got := strings.Join(h[name], "&"); got != want {
			t.Errorf("returned %d with %s: %q, want %q", a.Status, name, got, want)
		}
	}
	for name := range h {
		if strings.HasPrefix(name, "Usher") && name != "Usher-Request-Id" { // which every response of Usher has
			t.Errorf("%s reached the client", name)
		}
	}
}
