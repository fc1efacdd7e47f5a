package localsock

import (
	"context"
	"errors"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/vidocu/usher/internal/platform/rpcclient"
)

// Operator is the name of every caller through the socket.
const Operator = "operator"

// Dial prepares a connection through a service's socket under a data folder. It returns
// ErrPathTooLong; the first call fails if no service listens.
func Dial(dataDir, service string) (*grpc.ClientConn, error) {
	path, err := Path(dataDir, service)
	if err != nil {
		return nil, err
	}
	opts := append(rpcclient.Options(),
		grpc.WithTransportCredentials(named{}),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}))
	return grpc.NewClient("passthrough:///"+service, opts...)
}

// ServerCredentials name every caller Operator. They refuse connections that are not of a Unix
// socket.
func ServerCredentials() credentials.TransportCredentials { return named{} }

// authInfo names the caller; it is policy.Named.
type authInfo struct{ credentials.CommonAuthInfo }

func (authInfo) CallerName() string { return Operator }
func (authInfo) AuthType() string   { return "localsock" }

// named is both sides of a handshake that exchanges nothing: the kernel checked the file's
// permission when the connection was made.
type named struct{}

var errNotLocal = errors.New("the operator's credentials on a connection that is not a Unix socket's")

func handshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if conn.LocalAddr().Network() != "unix" {
		return nil, nil, errNotLocal
	}
	return conn, authInfo{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}, nil
}

// ServerHandshake is part of credentials.TransportCredentials.
func (named) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return handshake(conn)
}

// ClientHandshake is part of credentials.TransportCredentials.
func (named) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return handshake(conn)
}

// Info is part of credentials.TransportCredentials.
func (named) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "localsock"}
}

// Clone is part of credentials.TransportCredentials.
func (named) Clone() credentials.TransportCredentials { return named{} }

// OverrideServerName is part of credentials.TransportCredentials; a path has no name to verify.
func (named) OverrideServerName(string) error { return nil }
