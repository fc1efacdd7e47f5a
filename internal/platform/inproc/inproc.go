// Package inproc connects the services of one process in memory, with the same gRPC stack as
// between processes: each side of a connection is a named caller, authenticated by credentials that
// only this package can create.
//
// It owns the connections and their names. It does not authorize callers: policy does, as between
// processes.
package inproc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"
)

// bufferSize is each connection's buffer; every message of ours fits.
const bufferSize = 1 << 18

// Network is a set of listeners by service name.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*bufconn.Listener
}

// NewNetwork creates an empty network.
func NewNetwork() *Network { return &Network{listeners: make(map[string]*bufconn.Listener)} }

// Listen returns the listener of a service; the same one for the same name.
func (n *Network) Listen(service string) net.Listener { return n.listener(service) }

func (n *Network) listener(service string) *bufconn.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[service] == nil {
		n.listeners[service] = bufconn.Listen(bufferSize)
	}
	return n.listeners[service]
}

// Dial connects a caller to a service. The name is the caller's identity on every call.
func (n *Network) Dial(caller, service string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	lis := n.listener(service)
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(named{caller: caller}),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }),
	}, opts...)
	return grpc.NewClient("passthrough:///"+service, opts...)
}

// ServerCredentials read the caller's name. They refuse every connection that is not this
// package's.
func ServerCredentials() credentials.TransportCredentials { return named{} }

// AuthInfo names the caller of an in-memory connection.
type AuthInfo struct {
	credentials.CommonAuthInfo
	// Caller is the caller's name, as given to Dial.
	Caller string
}

// CallerName is part of policy.Named.
func (a AuthInfo) CallerName() string { return a.Caller }

// AuthType is part of credentials.AuthInfo.
func (AuthInfo) AuthType() string { return "inproc" }

// named is both sides of the handshake: the client sends its name and the server trusts it, because
// the connection never leaves the process.
type named struct{ caller string }

const (
	maxName        = 64
	handshakeLimit = 5 * time.Second
)

var errName = errors.New("caller's name is empty or too long")

// ClientHandshake sends the name.
func (c named) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if c.caller == "" || len(c.caller) > maxName {
		return nil, nil, errName
	}
	hello := append(binary.BigEndian.AppendUint16(nil, uint16(len(c.caller))), c.caller...)
	if _, err := conn.Write(hello); err != nil {
		return nil, nil, fmt.Errorf("stating the caller's name: %w", err)
	}
	return conn, c.info(c.caller), nil
}

// ServerHandshake reads the name.
func (c named) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if conn.RemoteAddr().Network() != "bufconn" {
		return nil, nil, errors.New("in-memory credentials on a connection from outside")
	}
	if err := conn.SetReadDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return nil, nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, nil, fmt.Errorf("reading the caller's name: %w", err)
	}
	n := binary.BigEndian.Uint16(size[:])
	if n == 0 || n > maxName {
		return nil, nil, errName
	}
	name := make([]byte, n)
	if _, err := io.ReadFull(conn, name); err != nil {
		return nil, nil, fmt.Errorf("reading the caller's name: %w", err)
	}
	return conn, c.info(string(name)), conn.SetReadDeadline(time.Time{})
}

func (named) info(caller string) AuthInfo {
	return AuthInfo{Caller: caller, CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
}

// Info is part of credentials.TransportCredentials.
func (named) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "inproc"}
}

// Clone is part of credentials.TransportCredentials.
func (c named) Clone() credentials.TransportCredentials { return c }

// OverrideServerName is part of credentials.TransportCredentials; Dial sets the name.
func (named) OverrideServerName(string) error { return nil }
