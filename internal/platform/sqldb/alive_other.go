//go:build !unix

package sqldb

import "net"

// silent says whether nothing has come on a connection that nobody uses. It cannot be looked at here: the statement finds out.
func silent(net.Conn) bool { return true }
