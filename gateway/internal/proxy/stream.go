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

// upload is a request's body, of any length, that may not stall.
type upload struct {
	io.ReadCloser

	patience *patience
	control  *http.ResponseController
	renewed  time.Time
	err      atomic.Pointer[error]
}

// Read is io.Reader.
func (u *upload) Read(b []byte) (int, error) {
	if now := time.Now(); now.Sub(u.renewed) > u.patience.renewEvery() {
		u.renewed = now
		_ = u.control.SetReadDeadline(now.Add(u.patience.limit)) // without a connection there is no deadline
	}
	u.patience.moved()
	n, err := u.ReadCloser.Read(b)
	u.patience.moved()
	switch {
	case errors.Is(err, io.EOF):
		_ = u.control.SetReadDeadline(time.Time{}) // likewise; the answer may take its time
		u.patience.sent()
	case err != nil && !errors.Is(err, http.ErrBodyReadAfterClose):
		u.err.Store(&err)
	}
	return n, err
}

// failed is why the body could not be read; nil when it could.
func (u *upload) failed() error {
	if err := u.err.Load(); err != nil {
		return *err
	}
	return nil
}

// downstream is the answer on its way to the client.
type downstream struct {
	http.ResponseWriter

	patience *patience
	control  *http.ResponseController
	// standing are the headers that the gateway has set. The upstream cannot take them back.
	standing http.Header
	renewed  time.Time
}

// WriteHeader is http.ResponseWriter. It is called for each interim answer too.
func (d *downstream) WriteHeader(status int) {
	h := d.Header()
	for name := range h {
		if !returns(name) {
			delete(h, name)
		}
	}
	for name, values := range d.standing {
		if merges(name) {
			values = union(values, h[name])
		}
		h[name] = values
	}
	d.renew()
	d.ResponseWriter.WriteHeader(status)
}

// returns reports whether a header of the upstream's response reaches the client: not what speaks for Usher; not cookies and
// what else holds for a whole host, which is the sign-in pages' too; and of CORS only which headers a page may read. The
// gateway answers for the rest: it takes no cookie, so that every origin may ask.
func returns(name string) bool {
	switch name = hyphenated(name); name {
	case "Access-Control-Expose-Headers":
		return true
	case "Set-Cookie", "Set-Cookie2", "Clear-Site-Data", "Strict-Transport-Security", "Public-Key-Pins", "Alt-Svc", "Nel", "Report-To",
		"Service-Worker-Allowed", "Origin-Agent-Cluster", "Set-Login", "Secure-Session-Registration":
		return false
	}
	return !enforce.Reserved(name) && !strings.HasPrefix(name, "Access-Control-")
}

// merges reports whether both the gateway and the upstream have something to add to a header.
func merges(name string) bool { return name == "Vary" || name == "Access-Control-Expose-Headers" }

// union is what stands in either, once.
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
	d.patience.moved()
	return n, err
}

func (d *downstream) renew() {
	if now := time.Now(); now.Sub(d.renewed) > d.patience.renewEvery() {
		d.renewed = now
		_ = d.control.SetWriteDeadline(now.Add(d.patience.limit)) // without a connection there is no deadline
	}
	d.patience.moved()
}

// Unwrap is for http.ResponseController.
func (d *downstream) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// buffers lends the space through which answers are copied.
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
