package httpserver_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/httpserver"
)

// patience is a timeout that only a test that hangs reaches.
const patience = time.Minute

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serve runs a server and returns its address.
func serve(t *testing.T, o httpserver.Options) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s, done := httpserver.New(o), make(chan error, 1)
	go func() { done <- s.Serve(lis) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Shutdown(ctx)
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended with %v", err)
		}
	})
	return lis.Addr().String()
}

func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	must(t, err)
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// refusing responds with 401 without reading the body.
var refusing = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "refused", http.StatusUnauthorized) })

func TestFault_B15_AClientThatWritesAllBeforeItReadsGetsTheResponse(t *testing.T) {
	addr := serve(t, httpserver.Options{Handler: refusing})
	body := strings.Repeat("x", 16<<20)
	for name, head := range map[string]string{
		"kept alive":          "Content-Length: 16777216\r\n\r\n",
		"closed by a client":  "Connection: close\r\nContent-Length: 16777216\r\n\r\n",
		"in chunks":           "Transfer-Encoding: chunked\r\n\r\n1000000\r\n",
		"without permission":  "Expect: 100-continue\r\nContent-Length: 16777216\r\n\r\n",
		"of HTTP/1.0's times": "Connection: keep-alive\r\nContent-Length: 16777216\r\n\r\n",
	} {
		conn := connect(t, addr)
		_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\n"+head)
		must(t, err)
		for at := 0; at < len(body); at += 1 << 20 { // slower than a reset would arrive
			if _, err = io.WriteString(conn, body[at:at+1<<20]); err != nil {
				t.Errorf("a body %s is cut after %d bytes: %v", name, at, err)
				break
			}
			<-time.After(50 * time.Millisecond)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("a body %s: %v", name, err)
			continue
		}
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusUnauthorized || string(text) != "refused\n" {
			t.Errorf("a body %s gets the response %d %q", name, res.StatusCode, text)
		}
	}
}

func TestFault_B15_WhatIsDiscardedHasBounds(t *testing.T) {
	addr := serve(t, httpserver.Options{Handler: refusing})
	conn := connect(t, addr)
	_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n")
	must(t, err)
	piece := strings.Repeat("x", 1<<20)
	for sent := 0; ; sent++ {
		if _, err := io.WriteString(conn, piece); err != nil {
			return
		}
		if sent > 256 { // megabytes: far more than the limit and every buffer on the way
			t.Fatal("a body is taken without end")
		}
	}
}

// rejecter responds with its arguments.
type rejecter struct{ http.Handler }

func (rejecter) Reject(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Set("Content-Type", "application/x-ours")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, r.Method+" "+r.URL.Path+" "+r.Header.Get("Accept")+" "+r.Header.Get("Authorization"))
}

func TestFault_E10_WhatCannotBeReadIsAnsweredByTheHandler(t *testing.T) {
	addr := serve(t, httpserver.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}), Rejecter: rejecter{refusing}})
	for name, row := range map[string]struct {
		text   string
		status int
		body   string
	}{
		"no Host":                    {"GET /a?b HTTP/1.1\r\nAccept: text/html\r\nAuthorization: secret\r\n\r\n", 400, "GET /a text/html "},
		"two Hosts":                  {"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "GET /a  "},
		"a header without a colon":   {"POST /a HTTP/1.1\r\nAccept: x\r\nnonsense\r\nHost: a\r\n\r\n", 400, "POST /a x "},
		"a name with a blank":        {"POST /a HTTP/1.1\r\nA b: c\r\nHost: a\r\n\r\n", 400, "POST /a  "},
		"no request":                 {"nonsense\r\n\r\n", 400, "GET /  "},
		"an expectation":             {"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417, "POST /a  "},
		"an encoding":                {"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "POST /a  "},
		"long headers":               {"GET /a HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431, "GET /a  "},
		"a long address":             {"GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431, ""},
		"another version":            {"GET /a HTTP/3.0\r\nHost: a\r\n\r\n", 505, "GET /a  "},
		"a length that is none":      {"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "POST /a  "},
		"the second on a connection": {"POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok", 0, ""},
	} {
		conn := connect(t, addr)
		in := bufio.NewReader(conn)
		_, err := io.WriteString(conn, row.text)
		must(t, err)
		res, err := http.ReadResponse(in, nil)
		must(t, err)
		if row.status == 0 {
			must(t, res.Body.Close())
			row.status, row.body = 400, "PUT /second  "
			_, err = io.WriteString(conn, "PUT /second HTTP/1.1\r\n\r\n")
			must(t, err)
			res, err = http.ReadResponse(in, nil)
			must(t, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != row.status || row.body != "" && string(body) != row.body || res.Header.Get("Content-Type") != "application/x-ours" || !res.Close {
			t.Errorf("%s gets the response %d %v %q, %v", name, res.StatusCode, res.Header, body, err)
		}
	}
}

// TestFault_E10_ARequestThatArrivesWhileAHandlerRunsIsReadWhole: net/http reads its first byte then, to notice
// that the client disconnects.
func TestFault_E10_ARequestThatArrivesWhileAHandlerRunsIsReadWhole(t *testing.T) {
	running, finish := make(chan struct{}), make(chan struct{})
	addr := serve(t, httpserver.Options{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		running <- struct{}{}
		<-finish
	}), Rejecter: rejecter{refusing}})
	conn := connect(t, addr)
	in := bufio.NewReader(conn)
	_, err := io.WriteString(conn, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
	must(t, err)
	<-running
	_, err = io.WriteString(conn, "PUT /second HTTP/1.1\r\n\r\n")
	must(t, err)
	time.Sleep(50 * time.Millisecond) // no event says that the byte was read
	close(finish)
	first, err := http.ReadResponse(in, nil)
	must(t, err)
	must(t, first.Body.Close())
	second, err := http.ReadResponse(in, nil)
	must(t, err)
	if body, err := io.ReadAll(second.Body); err != nil || string(body) != "PUT /second  " {
		t.Errorf("the second request is %q, %v", body, err)
	}
}

// TestAResponseThatLooksLikeAServersOwnIsLeftAlone: an API's response through a handler is never
// replaced.
func TestAResponseThatLooksLikeAServersOwnIsLeftAlone(t *testing.T) {
	own := "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	addr := serve(t, httpserver.Options{Rejecter: rejecter{refusing}, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, own+strings.Repeat("x", 1<<16))
		}
	})})
	res, err := http.Get("http://" + addr)
	must(t, err)
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || len(body) != 3*(len(own)+1<<16) || strings.Count(string(body), own) != 3 {
		t.Errorf("there arrived %d bytes, %v", len(body), err)
	}
}

func TestFault_B7_AConnectionIsKeptForAsLongAsConfigured(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for idle, kept := range map[time.Duration]bool{100 * time.Millisecond: false, time.Hour: true} {
		conn := connect(t, serve(t, httpserver.Options{Handler: handler, IdleTimeout: idle}))
		in := bufio.NewReader(conn)
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		must(t, err)
		_, err = http.ReadResponse(in, nil)
		must(t, err)
		if !kept {
			if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("after %s the connection is still open: %v", idle, err)
			}
			continue
		}
		must(t, conn.SetReadDeadline(time.Now().Add(time.Second)))
		var timeout net.Error
		if _, err := in.ReadByte(); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("a connection that may be idle for %s ends: %v", idle, err)
		}
	}
}

func TestAServerThatEndsWaitsForNoBodyThatIsDiscarded(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s, done := httpserver.New(httpserver.Options{Handler: refusing}), make(chan error, 1)
	go func() { done <- s.Serve(lis) }()
	conn := connect(t, lis.Addr().String())
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n")
	must(t, err)
	_, err = http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begun := time.Now()
	s.Shutdown(ctx)
	if err := <-done; !errors.Is(err, http.ErrServerClosed) || time.Since(begun) > 4*time.Second {
		t.Errorf("it ends with %v after %s", err, time.Since(begun))
	}
}
