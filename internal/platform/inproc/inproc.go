// Package inproc connects the services of one process in memory, with the same gRPC stack as
// between processes: the caller of a connection is named, and only this package can create such a
// connection.
//
// It owns the connections and their names. It does not authorize callers: policy does, as between
// processes.
package inproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/vidocu/usher/internal/platform/policy"
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

// Dial connects a caller to a service. The name, of at most 64 bytes, is the caller's identity on
// every call.
func (n *Network) Dial(caller, service string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	if caller == "" || len(caller) > maxName {
		return nil, errName
	}
	lis, hello := n.listener(service), append([]byte{byte(len(caller))}, caller...)
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := lis.DialContext(ctx)
			if err == nil {
				_, err = conn.Write(hello)
			}
			return conn, err
		}),
	}, opts...)
	return grpc.NewClient("passthrough:///"+service, opts...)
}

// ServerCredentials read the caller's name, which the server trusts because the connection never
// leaves the process. They refuse every connection that is not this package's.
func ServerCredentials() credentials.TransportCredentials {
	return policy.Naming(insecure.NewCredentials(), func(conn net.Conn, _ credentials.AuthInfo) (string, error) { return readName(conn) })
}

const (
	maxName        = 64
	handshakeLimit = 5 * time.Second
)

var errName = errors.New("caller's name is empty or too long")

func readName(conn net.Conn) (string, error) {
	if conn.RemoteAddr().Network() != "bufconn" {
		return "", errors.New("in-memory credentials on a connection from outside")
	}
	if err := conn.SetReadDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return "", err
	}
	var size [1]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return "", fmt.Errorf("reading the caller's name: %w", err)
	}
	if size[0] == 0 || size[0] > maxName {
		return "", errName
	}
	name := make([]byte, size[0])
	if _, err := io.ReadFull(conn, name); err != nil {
		return "", fmt.Errorf("reading the caller's name: %w", err)
	}
	return string(name), conn.SetReadDeadline(time.Time{})
}
