package httpserver

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of reading and discarding after the response is sent. The bytes exceed most uploads,
// since clients write the whole body before they read the error response.
const (
	maxDiscarded = 32 << 20
	discardTime  = 30 * time.Second
	discardIdle  = 5 * time.Second
)

// maxHead is how much of a request's head is kept, to know its path if the rest is unreadable.
const maxHead = 4 << 10

// conn is a connection of a Server.
type conn struct {
	net.Conn

	server *Server
	// responding is set while a handler's response may be written: until the connection is idle
	// again, written bytes do not come from net/http itself.
	responding atomic.Bool
	// unread is set while the client may still be sending a body that is not read.
	unread atomic.Bool
	half   sync.Once
	// head is the start of the request that is being read. It is written before a handler runs and
	// read after a request was refused without one, never concurrently.
	head []byte
	// ahead is the first byte of the next request, where net/http has read it while a handler ran: it reads
	// one byte, to notice that the client disconnects, and has done so before next is called.
	ahead []byte
}

type connKey struct{}

// begin records that a handler has the request.
func (c *conn) begin() { c.responding.Store(true) }

// next records that the connection waits for another request.
func (c *conn) next() {
	c.head, c.ahead = append(c.head[:0], c.ahead...), c.ahead[:0]
	c.unread.Store(false)
	c.responding.Store(false)
}

// Read is net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	switch {
	case n <= 0:
	case !c.responding.Load():
		c.head = append(c.head, b[:min(n, maxHead-len(c.head))]...)
	case len(b) == 1: // a body is read by buffers
		c.ahead = append(c.ahead[:0], b[0])
	}
	return n, err
}

// statusLine is the prefix of every response.
var statusLine = []byte("HTTP/1.") //nolint:gochecknoglobals // never written to

// Write is net.Conn. While no handler runs, a response comes from net/http and is complete: it
// refuses a request that it cannot parse.
func (c *conn) Write(b []byte) (int, error) {
	if c.server.rejecter == nil || c.responding.Load() || !bytes.HasPrefix(b, statusLine) {
		return c.Conn.Write(b)
	}
	c.unread.Store(true)
	if _, err := c.Conn.Write(c.server.reject(b, c.head)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// CloseWrite closes the sending side, then reads until the client closes its side too or a limit is
// reached.
func (c *conn) CloseWrite() error {
	half, can := c.Conn.(interface{ CloseWrite() error })
	if !can {
		return nil
	}
	var err error
	c.half.Do(func() {
		if err = half.CloseWrite(); err == nil {
			c.discard()
		}
	})
	return err
}

// Close is net.Conn.
func (c *conn) Close() error {
	if c.unread.Load() {
		_ = c.CloseWrite() // on error the client has disconnected, and loses nothing
	}
	return c.Conn.Close()
}

func (c *conn) discard() {
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-stop:
		case <-c.server.closed.Done():
			_ = c.SetReadDeadline(time.Unix(1, 0)) // wakes the reader
		}
	}()
	buffer, end := make([]byte, 32<<10), time.Now().Add(discardTime)
	for left := maxDiscarded; left > 0; {
		if c.SetReadDeadline(earlier(time.Now().Add(discardIdle), end)) != nil || c.server.closed.Err() != nil {
			return
		}
		n, err := c.Conn.Read(buffer)
		if left -= n; err != nil {
			return
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
