package attack

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// readers returns the paths of the endpoints that read a body.
func readers() []string {
	return []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/api/v1/user/authenticate", "/api/v1/user/logout", "/signin", "/consent/decision"}
}

func typeOf(path string) string {
	if strings.HasPrefix(path, "/signin") || strings.HasPrefix(path, "/consent") {
		return typeForm
	}
	return typeJSON
}

// growth returns how much the gateway's resident memory grew while a test ran, in bytes.
func growth(t *testing.T, test func()) int {
	t.Helper()
	before, err := harness.Memory(shared.Pids()["gateway"])
	expect.NoError(t, err)
	test()
	after, err := harness.Memory(shared.Pids()["gateway"])
	expect.NoError(t, err)
	return after - before
}

// TestCase111_ALongBodyIsRefusedBeforeItIsThere: at the size limit, and the connection is closed
// without reading the rest.
func TestCase111_ALongBodyIsRefusedBeforeItIsThere(t *testing.T) {
	wantServing(t)
	grown := growth(t, func() {
		for _, path := range readers() {
			head := "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + typeOf(path) + "\r\n"
			for name, text := range map[string]string{
				"2 MB":            head + "Content-Length: 2097152\r\n\r\n" + strings.Repeat("x", 70_000),
				"100 MB":          head + "Content-Length: 104857600\r\n\r\n" + strings.Repeat("x", 70_000),
				"1 TB":            head + "Content-Length: 1099511627776\r\n\r\n{\"token\":\"" + strings.Repeat("x", 70_000),
				"without its end": head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 20),
			} {
				if path != "/oauth/token" && name != "100 MB" && name != "without its end" {
					continue
				}
				r := exchange(t, text)
				expect.Equal(t, "status of "+name+" at "+path, r.status(), http.StatusRequestEntityTooLarge)
				expect.Equal(t, "end of the connection of "+name+" at "+path, r.Closed, true)
			}
		}
		// Written as fast as the connection accepts it: the gateway reads and discards 32 MB, and
		// the buffers of two kernels hold some 40 more.
		for range 5 {
			conn := connect(t)
			_, _ = io.WriteString(conn, fmt.Sprintf("POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{\"token\":\"", endlessly))
			if n, err := io.Copy(conn, io.LimitReader(endless{}, endlessly)); err == nil {
				t.Errorf("%d MB of one string are accepted", n>>20)
			}
		}
	})
	if grown > 64<<20 {
		t.Errorf("the gateway grew by %d MB", grown>>20)
	}
	wantServing(t)
}

// endlessly is more than the buffers of a refused connection hold on any machine.
const endlessly = 256 << 20

// endless reads as the letter x without end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// TestCase111_ACompressedBodyIsRefusedUnread.
func TestCase111_ACompressedBodyIsRefusedUnread(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := io.Copy(z, io.LimitReader(endless{}, 40<<20))
	expect.NoError(t, err)
	expect.NoError(t, z.Close())
	grown := growth(t, func() {
		for _, path := range readers() {
			for _, coding := range []string{"gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP", "x-gzip"} {
				a := send(t, httpRequest{Path: path, Type: typeOf(path), Body: bomb.String(), Header: []string{"Content-Encoding", coding}})
				if path == "/api/v1/user/logout" && a.Status == http.StatusBadRequest {
					continue
				}
				expect.Equal(t, path+" in "+coding, a.Status, http.StatusUnsupportedMediaType)
			}
		}
	})
	if grown > 64<<20 {
		t.Errorf("the gateway grew by %d MB", grown>>20)
	}
	var parts strings.Builder
	for range 10_000 {
		parts.WriteString("--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nx\r\n")
	}
	a := send(t, httpRequest{Path: "/oauth/revoke", Type: "multipart/form-data; boundary=x", Body: parts.String() + "--x--"})
	expect.Equal(t, "status of ten thousand parts", a.Status, http.StatusUnsupportedMediaType)
}

// TestCase112_DeepAndOddJSONIsRefusedAtOnce, before it costs time or memory.
func TestCase112_DeepAndOddJSONIsRefusedAtOnce(t *testing.T) {
	wantServing(t)
	deep := func(n int, open string) string { return `{"x":` + strings.Repeat(open, n) }
	oddMessages := map[string]string{
		"9000 deep": deep(9000, "["), "30000 deep": deep(30_000, "["), "9000 deep objects": deep(9000, `{"a":`), "100000 deep": deep(100_000, "["), "1000000 deep": deep(1_000_000, "["),
		"closed and deep": deep(9000, "[") + strings.Repeat("]", 9000) + "}", "no value": `{"":}`, "no value inside": `{"a":{"":}}`, "unterminated": `{"token":"x"`,
		"open string": `{"token":"`, "@type": `{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"x"}}`, "two objects": `{"token":"x"}{"token":"y"}`,
		"a long number": `{"x":` + strings.Repeat("9", 60_000) + `}`, "a longer number": `{"x":` + strings.Repeat("9", 1<<20) + `}`,
		"an exponent": `{"x":1e` + strings.Repeat("9", 1000) + `}`, "many members": "{" + strings.Repeat(`"a":1,`, 10_000) + `"b":1}`, "a million members": "{" + strings.Repeat(`"a":1,`, 1_000_000) + `"b":1}`,
	}
	for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/api/v1/user/authenticate"} {
		for name, body := range oddMessages {
			started := time.Now()
			a, err := trySend(httpRequest{Path: path, Type: typeJSON, Body: body, From: "127.0.112.1"})
			if err != nil && len(body) > 64<<10 {
				continue // the server closed the connection while the client was still sending
			}
			expect.NoError(t, err)
			if a.Status < 400 || a.Status >= 500 {
				t.Errorf("%s at %s returned %d %.200s", name, path, a.Status, a.Raw)
			}
			wantOurShape(t, name, path, a)
			if took := time.Since(started); took > 30*time.Second { // long enough for a busy machine
				t.Errorf("%s at %s takes %s", name, path, took)
			}
		}
	}
	wantServing(t)
}

// TestCase115_HugeAndCountlessParametersAreRefused, and no part of them is stored or logged.
func TestCase115_HugeAndCountlessParametersAreRefused(t *testing.T) {
	tokens := wantServing(t)
	long := strings.Repeat("sentinel", 8<<10)
	query := func(name string) string { return "/oauth/authorize?" + name + "=" + long[:20<<10] }
	refused := func(what string, a harness.Response, err error) {
		t.Helper()
		expect.NoError(t, err)
		if a.Status < 400 || a.Status >= 500 {
			t.Errorf("%s returned %d %.200s", what, a.Status, a.Raw)
		}
	}
	for what, s := range map[string]httpRequest{
		"a query of 1 MB":         {Method: "GET", Path: "/oauth/authorize?x=" + strings.Repeat("sentinel", 1<<17)},
		"a path of 2 MB":          {Method: "GET", Path: "/" + strings.Repeat("../", 700_000)},
		"a path of 24 kB":         {Method: "GET", Path: "/v1" + strings.Repeat("/..", 8000), Header: []string{"Authorization", "Bearer " + tokens.Access}},
		"5000 parameters":         {Method: "GET", Path: "/oauth/authorize?" + strings.Repeat("a=b&", 5000)},
		"100000 parameters":       {Method: "GET", Path: "/oauth/authorize?" + strings.Repeat("a=b&", 100_000)},
		"a form of 20000":         {Path: "/oauth/token", Type: typeForm, Body: strings.Repeat("a=b&", 16_000)},
		"a sign-in form of 16000": {Path: "/signin", Type: typeForm, Body: strings.Repeat("a=b&", 16_000)},
		"client_id":               {Method: "GET", Path: query("client_id")}, "redirect_uri": {Method: "GET", Path: query("client_id=" + harness.ConfidentialID + "&redirect_uri")},
		"state":          {Method: "GET", Path: harness.Request{State: long[:20<<10]}.Path()},
		"a bearer":       {Method: "GET", Path: "/v1/videos", Header: []string{"Authorization", "Bearer vdo_oat_" + long[:20<<10]}},
		"a long bearer":  {Method: "GET", Path: "/v1/videos", Header: []string{"Authorization", "Bearer vdo_oat_" + long}},
		"500 headers":    {Method: "GET", Path: "/v1/videos", Header: manyHeaders(500, "X-H", "v")},
		"a basic secret": {Path: "/oauth/token", Type: typeForm, Body: "grant_type=refresh_token", Header: []string{"Authorization", "Basic " + long[:20<<10]}},
		"a client id":    {Path: "/oauth/token", Type: typeJSON, Body: `{"grant_type":"refresh_token","refresh_token":"x","client_id":"` + long[:60_000] + `","client_secret":"x"}`},
		"a code":         {Path: "/oauth/token", Type: typeForm, Body: "grant_type=authorization_code&client_id=" + harness.ConfidentialID + "&client_secret=" + harness.ConfidentialPW + "&redirect_uri=x&code=" + long[:60_000]},
		"a user":         {Method: "GET", Path: "/api/v1/user/" + long[:20<<10]},
		"a password":     {Path: "/api/v1/user/authenticate", Type: typeJSON, Body: `{"emailAddress":"a@b.test","password":"` + long[:60_000] + `"}`, From: "127.0.115.1"},
	} {
		a, err := trySend(s)
		refused(what, a, err)
	}
	cookies, err := trySend(httpRequest{Method: "GET", Path: "/account/connected-apps", Header: []string{"Cookie", strings.Repeat("a=b; ", 10_000)}})
	expect.NoError(t, err)
	expect.Equal(t, "status with 10000 cookies", cookies.Status, http.StatusRequestHeaderFieldsTooLarge)
	hint := send(t, httpRequest{Path: "/oauth/revoke", Type: typeForm, Body: "token=x&token_type_hint=" + long[:60_000]})
	expect.Equal(t, "status of a long hint, which is only a hint", hint.Status, http.StatusOK)
	log, err := shared.Log()
	expect.NoError(t, err)
	if at := strings.Index(log, "sentinelsentinel"); at >= 0 {
		t.Errorf("the log has %.300s", log[max(0, at-200):])
	}
	keys := dumpStores(t)
	if strings.Contains(keys, "sentinelsentinel") {
		t.Error("a part of a request was stored")
	}
	wantServing(t)
}

func manyHeaders(n int, name, value string) []string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("%s-%d", name, i), value)
	}
	return pairs
}
