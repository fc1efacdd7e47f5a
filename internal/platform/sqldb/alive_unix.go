//go:build unix

package sqldb

import (
	"errors"
	"net"
	"syscall"
)

// silent says whether nothing has come on a connection that nobody uses. A server that ends a connection says so first or closes
// it, and one look at the socket shows either, without a round trip. What cannot be looked at counts as silent.
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
	// Control and not Read, which would wait for whoever still reads in the background.
	if err := raw.Control(func(fd uintptr) {
		_, _, seen = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}); err != nil {
		return false
	}
	return errors.Is(seen, syscall.EAGAIN) || errors.Is(seen, syscall.EINTR)
}
