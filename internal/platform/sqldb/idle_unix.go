//go:build unix

package sqldb

import (
	"errors"
	"net"
	"syscall"
)

// silent reports whether nothing was received on an idle connection. A server that closes a
// connection sends a message first or closes the socket; a look at the socket detects both without
// a round trip. A connection that cannot be checked counts as silent.
func silent(conn net.Conn) bool {
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secured.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	var seen error
	var b [1]byte
	// Control and not Read: Read would block while another goroutine reads in the background.
	if err := raw.Control(func(fd uintptr) {
		_, _, seen = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}); err != nil {
		return false
	}
	return errors.Is(seen, syscall.EAGAIN) || errors.Is(seen, syscall.EINTR)
}
