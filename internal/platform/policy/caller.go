package policy

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// Caller is the authentication info of a connection that identifies the caller.
type Caller struct {
	// AuthInfo is the transport's.
	credentials.AuthInfo

	// Name is the last segment of the caller's SPIFFE path, or the name given in memory.
	Name string
}

// Naming returns credentials that add the caller's name to a server's handshake. The function name
// receives the connection after the handshake; its error refuses the connection.
func Naming(
	transport credentials.TransportCredentials, name func(net.Conn, credentials.AuthInfo) (string, error),
) credentials.TransportCredentials {
	return naming{TransportCredentials: transport, name: name}
}

type naming struct {
	credentials.TransportCredentials

	name func(net.Conn, credentials.AuthInfo) (string, error)
}

// ServerHandshake is part of credentials.TransportCredentials.
func (n naming) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := n.TransportCredentials.ServerHandshake(conn)
	if err != nil {
		return nil, nil, err
	}
	name, err := n.name(conn, info)
	return conn, Caller{AuthInfo: info, Name: name}, err
}

// Clone is part of credentials.TransportCredentials.
func (n naming) Clone() credentials.TransportCredentials {
	return Naming(n.TransportCredentials.Clone(), n.name)
}

// CallerFrom returns the name of the caller, as the transport authenticated it.
func CallerFrom(ctx context.Context) (string, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "", false
	}
	caller, ok := p.AuthInfo.(Caller)
	return caller.Name, ok
}
