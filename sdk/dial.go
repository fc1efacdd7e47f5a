package usher

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// serviceConfig distributes calls over all replicas, and retries a call, which is read-only, when
// its replica becomes unavailable.
const serviceConfig = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"methodConfig": [{
		"name": [{"service": "usher.token.v1.IntrospectionService"}, {"service": "usher.token.v1.CatalogService"}],
		"retryPolicy": {
			"maxAttempts": 3, "initialBackoff": "0.02s", "maxBackoff": "0.2s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]
		}
	}]
}`

// Dial returns a client of the token service at host:port. It does not wait for a connection: Ready
// does, or the first call. The credentials must present a certificate whose URI SAN names a
// resource server, `spiffe://<trust-domain>/<name>`. A connection that is open and delivers nothing
// is replaced when the revocation log sends no message on it.
func Dial(addr string, creds credentials.TransportCredentials, opts ...Option) (*Client, error) {
	o := settings(opts)
	conn := &connection{dial: func() (*grpc.ClientConn, error) {
		return grpc.NewClient(addr, append([]grpc.DialOption{
			grpc.WithTransportCredentials(creds),
			grpc.WithDefaultServiceConfig(serviceConfig),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           grpcbackoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
				MinConnectTimeout: 2 * time.Second,
			}),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}),
		}, o.dial...)...)
	}}
	first, err := conn.dial()
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to the token service: %w", err)
	}
	conn.current.Store(first)
	return start(conn, o, conn.reconnect, conn.Close), nil
}

// connection is a gRPC connection that can be replaced while it is in use.
type connection struct {
	dial    func() (*grpc.ClientConn, error)
	current atomic.Pointer[grpc.ClientConn]

	mu     sync.Mutex
	closed bool
	old    map[*grpc.ClientConn]*time.Timer
}

// Invoke makes a call on the current connection.
func (c *connection) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return c.current.Load().Invoke(ctx, method, args, reply, opts...)
}

// NewStream opens a stream on the current connection.
func (c *connection) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.current.Load().NewStream(ctx, desc, method, opts...)
}

// reconnect replaces a connection whose state is Ready; gRPC reconnects any other by itself. Calls
// in progress on the old connection may finish.
func (c *connection) reconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	stalled := c.current.Load()
	if c.closed || stalled.GetState() != connectivity.Ready {
		return
	}
	replacement, err := c.dial()
	if err != nil { // cannot happen: the same settings worked before
		return
	}
	c.current.Store(replacement)
	if c.old == nil {
		c.old = map[*grpc.ClientConn]*time.Timer{}
	}
	c.old[stalled] = time.AfterFunc(callTimeout, func() { c.drop(stalled) })
}

func (c *connection) drop(old *grpc.ClientConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.old, old)
	_ = ignoreClosed(old.Close())
}

// Close closes the connection and those that it replaced.
func (c *connection) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	err := ignoreClosed(c.current.Load().Close())
	for old, timer := range c.old {
		timer.Stop()
		err = errors.Join(err, ignoreClosed(old.Close()))
	}
	c.old = nil
	return err
}

// ignoreClosed returns nil for a connection that was closed before.
func ignoreClosed(err error) error {
	if status.Code(err) == codes.Canceled {
		return nil
	}
	return err
}
