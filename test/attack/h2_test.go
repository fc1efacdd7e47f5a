package attack

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
	"github.com/vidocu/usher/test/rpcs"
)

// goroutines returns a process's number of goroutines, from pprof, which the development profile
// serves.
func goroutines(t *testing.T, name string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, shared.AdminURLs()[name]+"/debug/pprof/goroutine?debug=1", nil)
	expect.NoError(t, err)
	a, err := sendFrom(req, "")
	expect.NoError(t, err)
	first, _, _ := strings.Cut(strings.TrimPrefix(a.Raw, "goroutine profile: total "), "\n")
	n, err := strconv.Atoi(first)
	expect.NoError(t, err)
	return n
}

// waitForGoroutines waits until a process runs about as many goroutines as before; those of idle
// connections may differ.
func waitForGoroutines(t *testing.T, name string, before int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s running about %d goroutines again", name, before), func() bool { return goroutines(t, name) < before+150 })
}

// eventually polls a check until it returns true, and fails the test after a minute.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !check(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// peer is a client with a certificate that writes HTTP/2 frames itself.
type peer struct {
	net.Conn
	*http2.Framer

	out *bytes.Buffer
	enc *hpack.Encoder
	// ended is closed when nothing more is read, because of err: the server has closed the connection,
	// or the deadline is over. goaway is the error code of the server's GOAWAY frame.
	ended  chan struct{}
	err    error
	goaway http2.ErrCode
}

// openHTTP2 opens an HTTP/2 connection to the token service's port.
func openHTTP2(t *testing.T) *peer {
	t.Helper()
	config, err := shared.TLS("video-api", "token")
	expect.NoError(t, err)
	conn, err := tls.Dial("tcp", shared.GRPCAddr("token"), config)
	expect.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	expect.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, http2.ClientPreface)
	expect.NoError(t, err)
	p := &peer{Conn: conn, Framer: http2.NewFramer(conn, conn), out: &bytes.Buffer{}, ended: make(chan struct{})}
	p.enc = hpack.NewEncoder(p.out)
	p.AllowIllegalWrites = true
	expect.NoError(t, p.WriteSettings())
	go p.listen()
	return p
}

func (p *peer) listen() {
	defer close(p.ended)
	for {
		f, err := p.ReadFrame()
		if err != nil {
			p.err = err
			return
		}
		if bye, ok := f.(*http2.GoAwayFrame); ok {
			p.goaway = bye.ErrCode
		}
	}
}

// headers encodes the header block of a gRPC call of the given path.
func (p *peer) headers(path string) []byte {
	p.out.Reset()
	for _, f := range [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", "token"}, {":path", path}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
		_ = p.enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}) // it writes to memory
	}
	return p.out.Bytes()
}

const introspect = "/usher.token.v1.IntrospectionService/IntrospectToken"

// TestCase114_HTTP2AbuseEndsWithItsConnection: the process keeps running, and calls on other
// connections succeed.
func TestCase114_HTTP2AbuseEndsWithItsConnection(t *testing.T) {
	token := wantServing(t).Access
	before := goroutines(t, "token")
	memory, err := harness.Memory(shared.Pids()["token"])
	expect.NoError(t, err)
	for name, row := range map[string]struct {
		attack func(p *peer) error
		// closes reports whether the server must close the connection.
		closes bool
	}{
		"rapid reset":             {rapidReset, false},
		"a flood of CONTINUATION": {continuations, true},
		"a flood of PING":         {repeat(5000, func(p *peer, i int) error { return p.WritePing(false, [8]byte{byte(i)}) }), true},
		"a flood of SETTINGS": {repeat(5000, func(p *peer, i int) error {
			return p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(i)})
		}), false},
		"frames of no type": {repeat(1000, func(p *peer, i int) error {
			return p.WriteRawFrame(http2.FrameType(0x0a+i%6), http2.Flags(i), uint32(i), make([]byte, i%64))
		}), false},
		"empty DATA":              {emptyData, false},
		"1500 streams":            {streams, false},
		"a header table of 4 GB":  {table, true},
		"a window beyond its end": {repeat(10, func(p *peer, _ int) error { return p.WriteWindowUpdate(0, 1<<31-1) }), false},
		"a frame of 16 MB":        {func(p *peer) error { return p.WriteRawFrame(http2.FrameData, 0, 1, make([]byte, 1<<24-1)) }, true},
		"a path without its slash": {func(p *peer) error {
			return p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.headers(introspect[1:]), EndHeaders: true, EndStream: true})
		}, false},
	} {
		p := openHTTP2(t)
		err := row.attack(p)
		active, activeErr := shared.Active(token)
		if activeErr != nil || !active {
			t.Errorf("%s: a token introspected on another connection is active: %t, %v", name, active, activeErr)
		}
		if row.closes {
			if <-p.ended; errors.Is(p.err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: after %s the connection is still open (%v)", name, patience, err)
			}
		}
		_ = p.Close()
	}
	waitForGoroutines(t, "token", before)
	after, err := harness.Memory(shared.Pids()["token"])
	expect.NoError(t, err)
	if after-memory > 256<<20 {
		t.Errorf("the token service grew by %d MB", (after-memory)>>20)
	}
	wantServing(t)
}

func repeat(n int, send func(p *peer, i int) error) func(*peer) error {
	return func(p *peer) error {
		for i := range n {
			if err := send(p, i); err != nil {
				return err
			}
		}
		return nil
	}
}

func rapidReset(p *peer) error {
	return repeat(10_000, func(p *peer, i int) error {
		id := uint32(2*i + 1)
		if err := p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.headers(introspect), EndHeaders: true}); err != nil {
			return err
		}
		return p.WriteRSTStream(id, http2.ErrCodeCancel)
	})(p)
}

func continuations(p *peer) error {
	if err := p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.headers(introspect)}); err != nil {
		return err
	}
	return repeat(20_000, func(p *peer, i int) error {
		p.out.Reset()
		_ = p.enc.WriteField(hpack.HeaderField{Name: fmt.Sprintf("x-%d", i), Value: strings.Repeat("v", 4000), Sensitive: true}) // it writes to memory
		return p.WriteContinuation(1, false, p.out.Bytes())
	})(p)
}

func emptyData(p *peer) error {
	if err := p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.headers(introspect), EndHeaders: true}); err != nil {
		return err
	}
	return repeat(10_000, func(p *peer, _ int) error { return p.WriteData(1, false, nil) })(p)
}

func streams(p *peer) error {
	return repeat(1500, func(p *peer, i int) error {
		return p.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: p.headers(introspect), EndHeaders: true})
	})(p)
}

// table announces in a header block a dynamic table larger than the server allowed (RFC 7541 §4.2).
func table(p *peer) error {
	block := append([]byte{0x3f, 0xe1, 0xff, 0xff, 0xff, 0x0f}, p.headers(introspect)...)
	return p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true, EndStream: true})
}

// TestCase99_ThePublicListenerSpeaksOnlyHTTP1: the public listener serves no RPC over any
// protocol.
func TestCase99_ThePublicListenerSpeaksOnlyHTTP1(t *testing.T) {
	tokens := wantServing(t)
	for _, m := range rpcs.All() {
		for _, kind := range []string{"application/grpc", "application/grpc-web+proto", "application/connect+json", "application/json"} {
			a := send(t, httpRequest{Path: m.Path(), Type: kind, Body: "\x00\x00\x00\x00\x00", Header: []string{"Te", "trailers", "Authorization", "Bearer " + tokens.Access}})
			if a.Status != http.StatusNotFound || a.Header.Get("Grpc-Status") != "" || strings.HasPrefix(a.Header.Get("Content-Type"), "application/grpc") {
				t.Errorf("%s as %s: %d %v", m.Path(), kind, a.Status, a.Header)
			}
		}
	}
	for name, text := range map[string]string{
		"prior knowledge":  http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"no leading slash": "POST usher.token.v1.OAuthService/IssueToken HTTP/1.1\r\nHost: token\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n",
	} {
		r := exchange(t, text)
		if s := r.status(); s < 400 && s != 0 || s == http.StatusInternalServerError {
			t.Errorf("%s returned %d", name, s)
		}
		expect.Equal(t, "end of the connection after "+name, r.Closed, true)
	}
	r := exchange(t, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
	expect.Equal(t, "status of an upgrade that is not made", r.status(), http.StatusOK)
	for _, host := range []string{"token", "token:9090", "identity.usher.svc.cluster.local", strings.TrimPrefix(shared.AdminURL, "http://")} {
		for _, path := range []string{"/metrics", "/readyz", "/forward-auth", introspect} {
			r := exchange(t, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
			expect.Equal(t, path+" with Host "+host, r.status(), http.StatusNotFound)
		}
	}
}
