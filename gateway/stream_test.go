package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/test/harness"
)

func bufioReader(s string) *bufio.Reader { return bufio.NewReader(strings.NewReader(s)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serve starts the gateway on a port, with read and write timeouts per connection that are shorter
// than a process's.
func (p browser) serve(t *testing.T, limit time.Duration) string {
	t.Helper()
	s := httptest.NewUnstartedServer(p.handler)
	s.Config.ReadTimeout, s.Config.WriteTimeout = limit, limit
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func request(ctx context.Context, t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+allScopes)
	return r
}

func TestAnUploadIsStreamedWithoutADeadline(t *testing.T) {
	pieces := make(chan string)
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(pieces)
		b := make([]byte, 1<<20)
		for {
			n, err := r.Body.Read(b)
			if n > 0 {
				pieces <- string(b[:n])
			}
			if err != nil {
				return
			}
		}
	})
	const limit = 200 * time.Millisecond
	public := newBrowser(t, withUpstream(u)).serve(t, limit)
	from, to := io.Pipe()
	status := make(chan int, 1)
	go func() {
		res, err := http.DefaultClient.Do(request(t.Context(), t, "POST", public+"/v1/videos/upload", from))
		if err != nil {
			status <- 0
			return
		}
		defer res.Body.Close()
		status <- res.StatusCode
	}()
	for start := time.Now(); time.Since(start) < 2*limit; { // longer than the connection's timeout
		_, err := io.WriteString(to, "piece")
		must(t, err)
		if got := <-pieces; got != "piece" {
			t.Fatalf("the upstream received %q", got)
		}
		<-time.After(limit / 4)
	}
	must(t, to.Close())
	for range pieces {
		t.Error("the upstream received more than was sent")
	}
	if got := <-status; got != http.StatusOK {
		t.Errorf("it gets %d", got)
	}
}

func TestAnUploadOfAnyLengthIsForwarded(t *testing.T) {
	u := newUpstream(t, nil)
	public := newBrowser(t, withUpstream(u)).serve(t, time.Minute)
	body := strings.Repeat("0123456789abcdef", 1<<16) // a megabyte
	res, err := http.DefaultClient.Do(request(t.Context(), t, "POST", public+"/v1/videos/upload", strings.NewReader(body)))
	must(t, err)
	defer res.Body.Close()
	if got := u.take(); res.StatusCode != 200 || len(got) != 1 || got[0].Body != body {
		t.Errorf("it gets %d and %d arrived", res.StatusCode, len(got))
	}
}

func TestADownloadIsStreamedWithoutADeadline(t *testing.T) {
	const limit = 200 * time.Millisecond
	next := make(chan struct{})
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		<-time.After(2 * limit) // longer than the connection's timeout
		w.Header().Set("Content-Length", "15")
		for range 3 {
			_, _ = io.WriteString(w, "piece")
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	})
	public := newBrowser(t, withUpstream(u)).serve(t, limit)
	res, err := http.DefaultClient.Do(request(t.Context(), t, "GET", public+"/v1/videos", nil))
	must(t, err)
	defer res.Body.Close()
	b := make([]byte, 5)
	for range 3 {
		_, err := io.ReadFull(res.Body, b)
		must(t, err)
		if string(b) != "piece" {
			t.Fatalf("the client received %q", b)
		}
		next <- struct{}{}
	}
	if n, err := res.Body.Read(b); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end there are %d bytes, %v", n, err)
	}
}

func TestATruncatedResponseIsSeenAsTruncated(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "the first half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	p := newBrowser(t, withUpstream(u))
	res, err := http.DefaultClient.Do(request(t.Context(), t, "GET", p.serve(t, time.Minute)+"/v1/videos", nil))
	must(t, err)
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("the client accepts %q as complete", body)
	}
	if strings.Contains(p.logs.String(), "panicked") {
		t.Errorf("the log has %s", p.logs)
	}
}

func TestAnUpstreamThatIsDownIsTheDocumentedError(t *testing.T) {
	cut := newUpstream(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	silent := newUpstream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	refuses, err := harness.FreeAddr()
	must(t, err)
	config := gateway.DefaultConfig()
	config.UpstreamTimeout = time.Second
	for name, row := range map[string]struct {
		url     string
		status  int
		message string
		later   string
	}{
		"refuses connections": {"http://" + refuses, 503, down, "2"},
		"closes connections":  {cut.URL, 502, "The service behind this endpoint did not answer", ""},
		"sends nothing":       {silent.URL, 502, "The service behind this endpoint did not answer", ""},
	} {
		p := newBrowserWith(t, config, func(d *gateway.Deps) { d.UpstreamURL = row.url })
		w := p.api("POST", "/v1/videos/process", allScopes)
		if w.Code != row.status || w.Body.String() != documented("unavailable", row.message) || w.Header().Get("Retry-After") != row.later {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
		if !strings.Contains(p.logs.String(), "the upstream failed") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the log has %s", name, p.logs)
		}
	}
}

func TestADisconnectedClientIsNotLogged(t *testing.T) {
	ctx, disconnect := context.WithCancel(t.Context())
	ended := make(chan struct{})
	u := newUpstream(t, func(_ http.ResponseWriter, r *http.Request) {
		disconnect()
		<-r.Context().Done()
		close(ended)
	})
	p := newBrowser(t, withUpstream(u))
	p.handler.ServeHTTP(httptest.NewRecorder(), request(ctx, t, "GET", "http://login.test/v1/videos", nil))
	<-ended
	if p.logs.Len() > 0 {
		t.Errorf("the log has %s", p.logs)
	}
}

func TestATruncatedBodyIs400AndNotLogged(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	p := newBrowser(t, withUpstream(u))
	r := request(t.Context(), t, "POST", "http://login.test/v1/videos/upload", io.MultiReader(strings.NewReader("half"), broken{}))
	r.ContentLength = -1
	w := p.send(r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "invalid_request") || p.logs.Len() > 0 {
		t.Errorf("it gets %d %s, and the log has %s", w.Code, w.Body, p.logs)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestUpgradesAndRequestTrailersAreNotForwarded(t *testing.T) {
	u := newUpstream(t, nil)
	p := newBrowser(t, withUpstream(u))
	public := p.serve(t, time.Minute)
	conn, err := net.Dial("tcp", strings.TrimPrefix(public, "http://"))
	must(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/videos/upload HTTP/1.1\r\nHost: login.test\r\nAuthorization: Bearer "+allScopes+"\r\n"+
		"Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\nTrailer: Usher-Subject\r\n\r\n4\r\nbody\r\n0\r\nUsher-Subject: sentinel\r\n\r\n")
	must(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	defer res.Body.Close()
	got := u.take()
	if res.StatusCode != 200 || len(got) != 1 || got[0].Body != "body" {
		t.Fatalf("it gets %d and the upstream received %v", res.StatusCode, got)
	}
	if len(got[0].Trailer) > 0 || got[0].Header.Get("Upgrade") != "" || got[0].Header.Get("Usher-Subject") != "usr_1" {
		t.Errorf("the upstream received %v and the trailer %v", got[0].Header, got[0].Trailer)
	}
	switching := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusSwitchingProtocols) })
	if w := newBrowser(t, withUpstream(switching)).api("GET", "/v1/videos", allScopes); w.Code != 502 {
		t.Errorf("a protocol switch of the upstream is forwarded: %d", w.Code)
	}
}

func TestAnInterimResponseRemovesNoHeaderOfTheFinalOne(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Usher-Subject", "sentinel")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusOK)
	})
	public := newBrowser(t, withUpstream(u)).serve(t, time.Minute)
	res, err := http.DefaultClient.Do(request(t.Context(), t, "GET", public+"/v1/videos", nil))
	must(t, err)
	defer res.Body.Close()
	if h := res.Header; h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Strict-Transport-Security") == "" || h.Get("Usher-Subject") != "" {
		t.Errorf("the headers are %v", h)
	}
}
