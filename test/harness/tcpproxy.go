package harness

import (
	"net"
	"sync"
)

// TCPProxy forwards connections to an address until it is told to swallow what comes: then both ends believe the connection
// is alive, and nothing arrives.
type TCPProxy struct {
	lis  net.Listener
	addr string

	mu       sync.Mutex
	swallows bool
	loses    bool
	open     map[net.Conn]struct{}
}

// NewTCPProxy listens on a port of its own.
func NewTCPProxy(addr string) (*TCPProxy, error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &TCPProxy{lis: lis, addr: addr, open: map[net.Conn]struct{}{}}
	go p.accept()
	return p, nil
}

// Addr is where it listens.
func (p *TCPProxy) Addr() string { return p.lis.Addr().String() }

// Swallow keeps what comes from now on, in both directions, and accepts no connection's bytes either.
func (p *TCPProxy) Swallow(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swallows = on
}

// LoseReply lets the next request through, keeps its reply, and ends that connection.
func (p *TCPProxy) LoseReply() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loses = true
}

// LostReply reports whether that has happened.
func (p *TCPProxy) LostReply() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.loses
}

// Cut ends every connection.
func (p *TCPProxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close() // that is the point
	}
}

// Close ends the proxy.
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
			_ = near.Close() // nobody is there
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
		swallows, lost := p.swallows, replies && n > 0 && p.loses
		p.loses = p.loses && !lost
		p.mu.Unlock()
		if lost {
			return
		}
		if n > 0 && !swallows {
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
		_ = c.Close() // either may be closed already
		delete(p.open, c)
	}
}
