package usher_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy passes TCP on, until it is told to swallow: then the connections it has stay open, and nothing comes through.
type proxy struct {
	addr string
	// generation counts how often it began to swallow; connections of the present one pass.
	generation atomic.Int64
	// closed keeps new connections from passing as well.
	closed atomic.Bool
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: lis.Addr().String()}
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
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			mu.Lock()
			open = append(open, in, out)
			mu.Unlock()
			born := p.generation.Load()
			running.Go(func() { p.pass(out, in, born) })
			running.Go(func() { p.pass(in, out, born) })
		}
	})
	return p
}

func (p *proxy) pass(to, from net.Conn, born int64) {
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

// swallowAll keeps what is connected now from telling anything, and new connections as well.
func (p *proxy) swallowAll(all bool) {
	p.closed.Store(all)
	p.generation.Add(1)
}
