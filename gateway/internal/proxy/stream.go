package proxy

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/sdk/enforce"
)

// upload is a request's body of any length, with a stall timeout.
type upload struct {
	io.ReadCloser

	stallTimer *stallTimer
	control    *http.ResponseController
	renewed    time.Time
	err        atomic.Pointer[error]
}

// Read is io.Reader.
func (u *upload) Read(b []byte) (int, error) {
	if now := time.Now(); now.Sub(u.renewed) > u.stallTimer.renewEvery() {
		u.renewed = now
		_ = u.control.SetReadDeadline(now.Add(u.stallTimer.limit)) // fails only where there is no connection, as in tests
	}
	u.stallTimer.progress()
	n, err := u.ReadCloser.Read(b)
	u.stallTimer.progress()
	switch {
	case errors.Is(err, io.EOF):
		_ = u.control.SetReadDeadline(time.Time{}) // likewise; the response has a timeout of its own
		u.stallTimer.bodySent()
	case err != nil && !errors.Is(err, http.ErrBodyReadAfterClose):
		u.err.Store(&err)
	}
	return n, err
}

// readError returns the error of reading the body, or nil.
func (u *upload) readError() error {
	if err := u.err.Load(); err != nil {
		return *err
	}
	return nil
}

// downstream is the response to the client.
type downstream struct {
	http.ResponseWriter

	stallTimer *stallTimer
	control    *http.ResponseController
	// gatewayHeaders are the headers that the gateway has set, which the upstream cannot replace.
	gatewayHeaders http.Header
	renewed        time.Time
}

// WriteHeader is http.ResponseWriter. It is called for each interim response too.
func (d *downstream) WriteHeader(status int) {
	h := d.Header()
	for name := range h {
		if !forwardsResponseHeader(name) {
			delete(h, name)
		}
	}
	for name, values := range d.gatewayHeaders {
		if mergesHeader(name) {
			values = union(values, h[name])
		}
		h[name] = values
	}
	d.renew()
	d.ResponseWriter.WriteHeader(status)
}

// forwardsResponseHeader reports whether a header of the upstream's response is forwarded to the
// client. It excludes Usher's own headers, cookies and other headers that apply to the whole host,
// which also serves the sign-in pages, and of CORS all but the exposed headers: the gateway allows
// every origin, because `/v1` accepts no cookie.
func forwardsResponseHeader(name string) bool {
	switch name = hyphenated(name); name {
	case "Access-Control-Expose-Headers":
		return true
	case "Set-Cookie", "Set-Cookie2", "Clear-Site-Data", "Strict-Transport-Security", "Public-Key-Pins", "Alt-Svc", "Nel", "Report-To",
		"Service-Worker-Allowed", "Origin-Agent-Cluster", "Set-Login", "Secure-Session-Registration":
		return false
	}
	return !enforce.Reserved(name) && !strings.HasPrefix(name, "Access-Control-")
}

// mergesHeader reports whether the values of the gateway and of the upstream are merged.
func mergesHeader(name string) bool { return name == "Vary" || name == "Access-Control-Expose-Headers" }

// union returns the values in either list without duplicates.
func union(ours, theirs []string) []string {
	all := slices.Clip(ours)
	for _, value := range theirs {
		if !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	return all
}

// Write is http.ResponseWriter.
func (d *downstream) Write(b []byte) (int, error) {
	d.renew()
	n, err := d.ResponseWriter.Write(b)
	d.stallTimer.progress()
	return n, err
}

func (d *downstream) renew() {
	if now := time.Now(); now.Sub(d.renewed) > d.stallTimer.renewEvery() {
		d.renewed = now
		_ = d.control.SetWriteDeadline(now.Add(d.stallTimer.limit)) // fails only where there is no connection, as in tests
	}
	d.stallTimer.progress()
}

// Unwrap is for http.ResponseController.
func (d *downstream) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// buffers pools the buffers that responses are copied with.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { return new([bufferSize]byte) }}}
}

// Get is httputil.BufferPool.
func (b *buffers) Get() []byte {
	buffer, _ := b.pool.Get().(*[bufferSize]byte)
	return buffer[:]
}

// Put is httputil.BufferPool.
func (b *buffers) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }
