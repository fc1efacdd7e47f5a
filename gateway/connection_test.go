package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/httpserver"
)

// listen starts the gateway on a port with the server of its process.
func (p browser) listen(t *testing.T) (addr string) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	rejecter, _ := p.handler.(httpserver.Rejecter)
	s, done := httpserver.New(httpserver.Options{Handler: p.handler, Rejecter: rejecter}), make(chan error, 1)
	go func() { done <- s.Serve(lis) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Shutdown(ctx)
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the gateway ended with %v", err)
		}
	})
	return lis.Addr().String()
}

// dial opens a connection with a deadline.
func dial(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	return conn, bufio.NewReader(conn)
}

// exchange sends a text and reads one response.
func exchange(t *testing.T, addr, text string) (*http.Response, string) {
	t.Helper()
	conn, in := dial(t, addr)
	_, err := io.WriteString(conn, text)
	must(t, err)
	res, err := http.ReadResponse(in, nil)
	must(t, err)
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res, string(body)
}

func TestFault_B15_ALargeBodyThatIsRefusedGetsItsResponse(t *testing.T) {
	addr := newBrowser(t, withUpstream(newUpstream(t, nil))).listen(t)
	for name, row := range map[string]struct {
		head   string
		length int
		status int
	}{
		"an inactive token at /v1": {"POST /v1/videos/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + unknown + "\r\nContent-Length: 16777216\r\n\r\n", 16 << 20, 401},
		"no token at /v1":          {"POST /v1/videos/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1000000\r\n", 16 << 20, 401},
		"/oauth/token":             {"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2097152\r\n\r\n", 2 << 20, 413},
		"/oauth/token, chunks":     {"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n", 2 << 20, 413},
		"no such address":          {"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 16777216\r\n\r\n", 16 << 20, 404},
		"another media type":       {"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 16777216\r\n\r\n", 16 << 20, 415},
	} {
		conn, in := dial(t, addr)
		_, err := io.WriteString(conn, row.head)
		must(t, err)
		piece := strings.Repeat("x", row.length/8)
		for range 8 { // long enough for a reset of the connection
			if _, err = io.WriteString(conn, piece); err != nil {
				t.Errorf("%s: the body could not be sent: %v", name, err)
				break
			}
			<-time.After(100 * time.Millisecond)
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		must(t, res.Body.Close())
		if res.StatusCode != row.status {
			t.Errorf("%s gets %d", name, res.StatusCode)
		}
	}
}

func TestFault_B15_ATooLargeContentLengthIsRefusedWithout100Continue(t *testing.T) {
	addr := newBrowser(t, withUpstream(newUpstream(t, nil))).listen(t)
	for target, row := range map[string]struct{ kind, header string }{
		"/oauth/token": {"application/x-www-form-urlencoded", ""}, "/oauth/revoke": {"application/json", ""},
		"/api/v1/user/authenticate": {"application/json", ""}, "/signin": {"application/x-www-form-urlencoded", ""},
		"/oauth/authorize": {"application/x-www-form-urlencoded", ""},
	} {
		res, _ := exchange(t, addr, "POST "+target+" HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Type: "+row.kind+"\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n")
		if res.StatusCode != http.StatusRequestEntityTooLarge || !res.Close {
			t.Errorf("%s gets %d first", target, res.StatusCode)
		}
	}
	res, _ := exchange(t, addr, "POST /v1/videos/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+unknown+"\r\nExpect: 100-continue\r\nContent-Length: 16777216\r\n\r\n")
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an inactive token gets %d first", res.StatusCode)
	}
}

// malformed returns requests that net/http rejects, by its status. They follow the method and the
// path; %t is the media type.
func malformed() map[int]string {
	return map[int]string{
		400: " HTTP/1.1\r\nAccept: text/html\r\nContent-Type: %t\r\nOrigin: https://app.test\r\nno colon\r\n\r\n",
		417: " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Type: %t\r\nOrigin: https://app.test\r\nExpect: x\r\nContent-Length: 0\r\n\r\n",
		431: " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Type: %t\r\nOrigin: https://app.test\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
		501: " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Type: %t\r\nOrigin: https://app.test\r\nTransfer-Encoding: gzip\r\n\r\n",
		505: " HTTP/4.0\r\nHost: x\r\nAccept: text/html\r\nContent-Type: %t\r\nOrigin: https://app.test\r\n\r\n",
	}
}

func TestFault_E10_AMalformedRequestIsRefusedInTheDialectOfItsPath(t *testing.T) {
	p := newBrowser(t, withUpstream(newUpstream(t, nil)))
	addr := p.listen(t)
	for refused, text := range malformed() {
		for name, row := range map[string]struct{ target, kind, accept, dialect string }{
			"the token endpoint, JSON":    {"/oauth/token", "application/json", "", "documented"},
			"the token endpoint, form":    {"/oauth/token?x", "application/x-www-form-urlencoded; charset=utf-8", "", "formal"},
			"a revocation, no type":       {"/oauth/revoke", "", "", "formal"},
			"the user API":                {"/api/v1/user/logout", "application/json", "", "exception"},
			"the API":                     {"/v1/videos", "", "text/html", "documented"},
			"a page":                      {"/signin", "", "text/html", "page"},
			"nowhere, for another client": {"/nowhere", "", "*/*", "documented"},
			"a malformed path":            {"/%zz", "", "*/*", "documented"},
			"one of the user API":         {"/api/v1/user/%zz?x=%zz", "", "text/html", "exception"},
			"one of a registration":       {"/oauth/register/%zz", "", "", "formal"},
			"one of the API, a browser":   {"/v1/videos/%zz", "", "text/html", "documented"},
			"one of a page":               {"/account/%zz", "", "text/html", "page"},
		} {
			status, text := refused, strings.ReplaceAll(strings.Replace(text, "%t", row.kind, 1), "text/html", row.accept)
			res, body := exchange(t, addr, "POST "+row.target+text)
			if strings.Contains(row.target, "/%zz") {
				status = http.StatusBadRequest
			}
			if got := dialectOf(body); res.StatusCode != status || got != row.dialect {
				t.Errorf("%d at %s gets %d in %s: %s", status, name, res.StatusCode, got, body)
			}
			h := res.Header
			if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Strict-Transport-Security") == "" {
				t.Errorf("%d at %s: the headers are %v", status, name, h)
			}
			if open := h.Get("Access-Control-Allow-Origin") == "*"; open != (row.dialect != "page") && status != http.StatusBadRequest {
				t.Errorf("%d at %s: another origin may read it: %t", status, name, open)
			}
			if strings.Contains(body, `"incidentId"`) && !strings.Contains(p.logs.String(), incidentID(body)) {
				t.Errorf("%d at %s: the log has no incident %s", status, name, incidentID(body))
			}
		}
	}
}

func incidentID(body string) string {
	var b struct{ IncidentID string }
	_ = json.Unmarshal([]byte(body), &b)
	return b.IncidentID
}

// dialectOf returns the format of an error.
func dialectOf(body string) string {
	var b struct {
		Error   any    `json:"error"`
		Name    string `json:"name"`
		Message string `json:"error_description"`
	}
	if json.Unmarshal([]byte(body), &b) != nil {
		if strings.Contains(body, "<h1>") {
			return "page"
		}
		return "nothing"
	}
	switch {
	case b.Name != "":
		return "exception"
	case b.Message != "":
		return "formal"
	case b.Error != nil:
		return "documented"
	}
	return "nothing"
}

func TestFault_B7_TheIdleTimeoutIsASettingWithBounds(t *testing.T) {
	if gateway.DefaultConfig().IdleTimeout != 2*time.Minute {
		t.Errorf("the default is %s", gateway.DefaultConfig().IdleTimeout)
	}
	for timeout, good := range map[time.Duration]bool{0: false, time.Second: true, time.Hour + time.Minute: true, 2 * time.Hour: true, 3 * time.Hour: false} {
		config := gateway.DefaultConfig()
		config.IdleTimeout = timeout
		if err := config.Validate(); (err == nil) != good {
			t.Errorf("%s: %v", timeout, err)
		}
	}
}
