package harness

import (
	"net"
	"sync"
)

// TCPProxy forwards connections to an address. While Blackhole is on it discards all bytes: both
// ends believe that the connection is alive, and nothing arrives.
type TCPProxy struct {
	lis  net.Listener
	addr string

	mu        sync.Mutex
	blackhole bool
	loses     bool
	open      map[net.Conn]struct{}
}

// NewTCPProxy starts a proxy on a free loopback port.
func NewTCPProxy(addr string) (*TCPProxy, error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &TCPProxy{lis: lis, addr: addr, open: map[net.Conn]struct{}{}}
	go p.accept()
	return p, nil
}

// Addr returns the proxy's address.
func (p *TCPProxy) Addr() string { return p.lis.Addr().String() }

// Blackhole turns discarding on or off: while it is on, bytes in both directions are dropped, on
// new connections too.
func (p *TCPProxy) Blackhole(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blackhole = on
}

// LoseReply forwards the next request, drops its reply, and closes that connection.
func (p *TCPProxy) LoseReply() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loses = true
}

// LostReply reports whether a reply was dropped since LoseReply.
func (p *TCPProxy) LostReply() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.loses
}

// Cut closes every connection.
func (p *TCPProxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close() // either end may have closed it
	}
}

// Close stops the proxy and closes every connection.
func (p *TCPProxy) Close() error {
	err := p.lis.Close()
	p.Cut()
	return err
}

func (p *TCPProxy) accept() {
	for {
		near, err := p.lis.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.addr)
		if err != nil {
			_ = near.Close() // the target refuses connections
			continue
		}
		p.note(near, far)
		go p.pump(far, near, false)
		go p.pump(near, far, true)
	}
}

func (p *TCPProxy) note(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.open[c] = struct{}{}
	}
}

// pump copies requests or replies until either end closes.
func (p *TCPProxy) pump(to, from net.Conn, replies bool) {
	defer p.end(to, from)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		blackhole, lost := p.blackhole, replies && n > 0 && p.loses
		p.loses = p.loses && !lost
		p.mu.Unlock()
		if lost {
			return
		}
		if n > 0 && !blackhole {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *TCPProxy) end(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close() // the other pump may have closed it
		delete(p.open, c)
	}
}
