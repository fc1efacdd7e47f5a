package usher_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy is a TCP proxy that can drop all bytes: the connections stay open, and deliver nothing.
type proxy struct {
	addr string
	// target is the server's address; nothing forwards to an empty one.
	target atomic.Pointer[string]
	// generation counts the calls of dropAll; only connections of the current one are forwarded.
	generation atomic.Int64
	// closed drops new connections' bytes too.
	closed atomic.Bool
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: lis.Addr().String()}
	p.target.Store(&to)
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	t.Cleanup(func() {
		lis.Close()
		mu.Lock()
		for _, conn := range open {
			conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	running.Go(func() {
		for {
			in, err := lis.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", *p.target.Load())
			if err != nil {
				in.Close()
				continue
			}
			mu.Lock()
			open = append(open, in, out)
			mu.Unlock()
			born := p.generation.Load()
			running.Go(func() { p.forward(out, in, born) })
			running.Go(func() { p.forward(in, out, born) })
		}
	})
	return p
}

func (p *proxy) forward(to, from net.Conn, born int64) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err == nil && p.generation.Load() == born && !p.closed.Load() {
			_, err = to.Write(b[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

// dropAll drops the bytes of the existing connections for good, and those of new connections while
// all is true.
func (p *proxy) dropAll(all bool) {
	p.closed.Store(all)
	p.generation.Add(1)
}
