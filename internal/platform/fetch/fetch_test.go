package fetch_test

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/vidocu/usher/internal/platform/fetch"
)

const limit = 5 << 10

// host is a server of a stranger.
type host struct {
	*httptest.Server
	requests atomic.Int64
}

func serve(t *testing.T, handle http.HandlerFunc) *host {
	t.Helper()
	h := &host{}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.requests.Add(1)
		handle(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *host) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(h.Certificate())
	return pool
}

// development returns a fetcher that may connect to the host.
func (h *host) development() *fetch.Fetcher {
	return fetch.New(fetch.Options{Loopback: true, Roots: h.roots()})
}

func document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write([]byte(`{"client_id":"x"}`))
}

func wantKind(t *testing.T, what string, err error, want fetch.Kind) {
	t.Helper()
	var failed *fetch.Error
	if !errors.As(err, &failed) || failed.Kind != want || failed.Error() == "" {
		t.Errorf("%s: %v, want a failure of kind %q", what, err, want)
	}
}

func TestADocumentIsReadWithItsAge(t *testing.T) {
	for control, want := range map[string]time.Duration{
		"": time.Minute, "max-age=600": 10 * time.Minute, "public, max-age=5": time.Minute, "max-age=31536000": 24 * time.Hour,
		"no-store": time.Minute, "max-age=600, no-store": time.Minute, "max-age=x": time.Minute, `max-age="900"`: 15 * time.Minute, "Max-Age=-1": time.Minute,
	} {
		h := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", control)
			document(w, r)
		})
		got, err := h.development().Get(t.Context(), h.URL+"/client.json", limit)
		if err != nil || string(got.Body) != `{"client_id":"x"}` || got.MaxAge != want {
			t.Errorf("%q: %s for %s, %v, want it for %s", control, got.Body, got.MaxAge, err, want)
		}
	}
}

func TestAResponseThatIsNoJSONDocumentIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		want   fetch.Kind
		handle http.HandlerFunc
	}{
		"a redirect to this machine": {fetch.BadStatus, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1/admin", http.StatusFound)
		}},
		"not found": {fetch.BadStatus, http.NotFound},
		"a page": {fetch.BadType, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html>"))
		}},
		"no media type": {fetch.BadType, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = w.Write([]byte("{}"))
		}},
		"one byte more": {fetch.TooLarge, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(strings.Repeat(" ", limit+1)))
		}},
		"an endless body": {fetch.TooLarge, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(strings.Repeat(" ", 1<<16))); err != nil {
					return
				}
			}
		}},
		"endless headers": {fetch.Unreachable, func(w http.ResponseWriter, r *http.Request) {
			for i := range 100 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 1<<10))
			}
			document(w, r)
		}},
		"a compressed bomb": {fetch.BadType, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
		}},
		"a response without an end": {fetch.TimedOut, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}},
	} {
		h := serve(t, row.handle)
		_, err := h.development().Get(t.Context(), h.URL, limit)
		wantKind(t, name, err, row.want)
	}
}

func TestAnAddressThatIsNoneIsNotRequested(t *testing.T) {
	f := fetch.New(fetch.Options{})
	for _, address := range []string{
		"", "x", "/relative", "http://a.example/", "ftp://a.example/", "https:///path", "https:a.example", "https://user@a.example/",
		"https://user:x@a.example/", "https://a.example/#x", "https://a.example/#", "https://a.example:8443/", "https://a.example/a/../b",
		"https://a.example/a/%2e%2E/b", "https://a.example/./b", "https://a.example/%2e", "https://a.example/" + strings.Repeat("a", 512),
		"https://localhost:8443/", "http://127.0.0.1/", "javascript:alert(1)", "https://[::1", "file:///etc/passwd",
	} {
		_, err := f.Get(t.Context(), address, limit)
		wantKind(t, address, err, fetch.BadAddress)
	}
	for _, address := range []string{"https://a.example/", "https://a.example:443/x?y=1", "https://a.example/..a"} {
		if err := f.CheckURL(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAPortThatIsListedIsRequested(t *testing.T) {
	f := fetch.New(fetch.Options{Ports: []string{"a.example:8443"}})
	if err := f.CheckURL("https://a.example:8443/x"); err != nil {
		t.Error(err)
	}
	for _, address := range []string{"https://a.example:8444/x", "https://b.example:8443/x", "http://a.example:8443/x"} {
		wantKind(t, address, f.CheckURL(address), fetch.BadAddress)
	}
}

// TestADocumentThatIsTheSameIsNotSentAgain: by its ETag. Without one in the request, a 304 is no
// document.
func TestADocumentThatIsTheSameIsNotSentAgain(t *testing.T) {
	h := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		w.Header().Set("ETag", `W/"1"`)
		if r.Header.Get("If-None-Match") == `W/"1"` || r.URL.Path == "/304" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		document(w, r)
	})
	first, err := h.development().Get(t.Context(), h.URL, limit)
	if err != nil || first.ETag != `W/"1"` || first.Unchanged {
		t.Fatalf("the first response is %+v, %v", first, err)
	}
	second, err := h.development().Revalidate(t.Context(), h.URL, limit, first.ETag)
	if err != nil || !second.Unchanged || second.MaxAge != 10*time.Minute || second.ETag != first.ETag {
		t.Errorf("the second response is %+v, %v", second, err)
	}
	_, err = h.development().Get(t.Context(), h.URL+"/304", limit)
	wantKind(t, "a 304 without a condition", err, fetch.BadStatus)
}

// TestThisMachineIsNotConnectedTo: by address, and by names that lead to it.
func TestThisMachineIsNotConnectedTo(t *testing.T) {
	h := serve(t, document)
	_, port, err := net.SplitHostPort(h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	f := fetch.New(fetch.Options{Roots: h.roots(), Resolver: resolver(t, "127.0.0.1")})
	for _, address := range []string{"https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://inside.example/"} {
		_, err := f.Get(t.Context(), address, limit)
		wantKind(t, address, err, fetch.Forbidden)
	}
	// In development other private hosts are still forbidden.
	development := fetch.New(fetch.Options{Loopback: true, Roots: h.roots(), Resolver: resolver(t, "10.0.0.1")})
	_, err = development.Get(t.Context(), "https://inside.example/", limit)
	wantKind(t, "a private host in development", err, fetch.Forbidden)
	if h.requests.Load() != 0 {
		t.Errorf("the server on port %s was requested", port)
	}
}

// TestANameThatChangesItsAddressLeadsNowhere: the second look-up of the name would lead to this
// machine (DNS rebinding), and so does each address that is tried after the first.
func TestANameThatChangesItsAddressLeadsNowhere(t *testing.T) {
	for _, addresses := range [][]string{{"192.0.2.1", "127.0.0.1"}, {"127.0.0.1", "192.0.2.1"}} {
		_, err := fetch.New(fetch.Options{Resolver: resolver(t, addresses...)}).Get(t.Context(), "https://rebinding.example/", limit)
		wantKind(t, fmt.Sprint(addresses), err, fetch.Forbidden)
	}
}

func TestAnUntrustedCertificateAndAMissingNameAreUnreachable(t *testing.T) {
	h := serve(t, document)
	_, err := fetch.New(fetch.Options{Loopback: true}).Get(t.Context(), h.URL, limit)
	wantKind(t, "an untrusted certificate", err, fetch.Unreachable)
	_, err = fetch.New(fetch.Options{Resolver: resolver(t)}).Get(t.Context(), "https://nowhere.example/", limit)
	wantKind(t, "a name without an address", err, fetch.Unreachable)
}

func TestACancelledCallReturnsItsOwnError(t *testing.T) {
	h := serve(t, document)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.development().Get(ctx, h.URL, limit); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
}

func TestTheProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy := serve(t, document)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	h := serve(t, document)
	if _, err := h.development().Get(t.Context(), h.URL, limit); err != nil || proxy.requests.Load() != 0 {
		t.Errorf("%v, and the proxy got %d requests", err, proxy.requests.Load())
	}
}

// resolver returns one that asks a name server of the test, which returns these IPv4 addresses one
// after the other, one each time.
func resolver(t *testing.T, addresses ...string) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	go serveNames(socket, addresses)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

func serveNames(socket net.PacketConn, addresses []string) {
	buffer := make([]byte, 512)
	for n := 0; ; {
		size, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return // closed
		}
		var asked dnsmessage.Message
		if asked.Unpack(buffer[:size]) != nil || len(asked.Questions) != 1 {
			continue
		}
		reply := dnsmessage.Message{Header: dnsmessage.Header{ID: asked.ID, Response: true, Authoritative: true}, Questions: asked.Questions}
		if q := asked.Questions[0]; q.Type == dnsmessage.TypeA && len(addresses) > 0 {
			reply.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0},
				Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(addresses[n%len(addresses)]).To4())},
			}}
			n++
		}
		if packed, err := reply.Pack(); err == nil {
			_, _ = socket.WriteTo(packed, from) // the resolver asks again
		}
	}
}
