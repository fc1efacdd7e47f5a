package proxy

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/gateway/internal/guard"
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
	standing http.Header
	renewed  time.Time
}

// standing is what the gateway has already said of the answer, which the upstream cannot take back. Vary is left out: there
// both have something to add.
func standing(h http.Header) http.Header {
	kept := make(http.Header, len(h))
	for name, values := range h {
		if name != "Vary" {
			kept[name] = values
		}
	}
	return kept
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
		h[name] = values
	}
	d.renew()
	d.ResponseWriter.WriteHeader(status)
}

// returns reports whether a header of the upstream's answer reaches the client: not what speaks for Usher; not what sets or
// sends cookies, which belong to the sign-in pages on the same host and never go upstream; not CORS, which the gateway
// answers for.
func returns(name string) bool {
	return name != "Set-Cookie" && !guard.Ours(name) && !strings.HasPrefix(name, "Access-Control-")
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
