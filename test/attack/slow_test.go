package attack

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// slow is a connection whose request never completes: begin is sent at once, then piece every
// second.
type slow struct {
	name, addr, begin, piece string
}

// isClosed reports whether the server closes the connection.
func (s slow) isClosed() bool {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	started := time.Now()
	_, _ = io.WriteString(conn, s.begin)
	buffer := make([]byte, 4096)
	for time.Since(started) < 3*time.Minute {
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := conn.Read(buffer); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return true
		}
		_, _ = io.WriteString(conn, s.piece) // the next read reports a closed connection
	}
	return false
}

// TestCase113_SlowConnectionsAreClosed: the server closes slow connections within its timeouts, and
// other clients do not wait.
func TestCase113_SlowConnectionsAreClosed(t *testing.T) {
	t.Parallel() // it mostly waits for timeouts
	kinds := []slow{
		{"headers a byte at a time", publicAddr(), "GET / HTTP/1.1\r\nHost: x\r\nX-A: ", "a"},
		{"a body a byte at a time", publicAddr(), "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{", "x"},
		{"a form a byte at a time", publicAddr(), "POST /signin HTTP/1.1\r\nHost: x\r\nContent-Type: " + typeForm + "\r\nContent-Length: 100000\r\n\r\na", "x"},
		{"a body of another type", publicAddr(), "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n{", "x"},
		{"half a preface", publicAddr(), "PRI * HTTP/2.0\r\n", ""},
		{"nothing at all", publicAddr(), "", ""},
		{"half a TLS handshake", shared.GRPCAddr("token"), "\x16\x03\x01\x02\x00", ""},
		{"nothing at a gRPC port", shared.GRPCAddr("identity"), "", ""},
	}
	before, err := harness.OpenFiles(shared.Pids()["gateway"])
	expect.NoError(t, err)
	whileRefreshing(t, func() {
		runConcurrently(25*len(kinds)*(*crowd), func(i int) (harness.Response, error) {
			if kind := kinds[i%len(kinds)]; !kind.isClosed() {
				t.Errorf("%s is not closed", kind.name)
			}
			return harness.Response{}, nil
		})
	})
	eventually(t, "the gateway having as many files open as before", func() bool {
		now, err := harness.OpenFiles(shared.Pids()["gateway"])
		expect.NoError(t, err)
		return now < before+50
	})
}
