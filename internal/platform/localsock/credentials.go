package localsock

import (
	"context"
	"errors"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/rpcclient"
)

// Dial prepares a connection through a service's socket under a data folder. It returns
// ErrPathTooLong; the first call fails if no service listens.
func Dial(dataDir, service string) (*grpc.ClientConn, error) {
	path, err := Path(dataDir, service)
	if err != nil {
		return nil, err
	}
	opts := append(rpcclient.Options(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}))
	return grpc.NewClient("passthrough:///"+service, opts...)
}

// ServerCredentials name every caller policy.Operator: the kernel checked the file's permission when the
// connection was made. They refuse connections that are not of a Unix socket.
func ServerCredentials() credentials.TransportCredentials {
	return policy.Naming(insecure.NewCredentials(), func(conn net.Conn, _ credentials.AuthInfo) (string, error) {
		if conn.LocalAddr().Network() != "unix" {
			return "", errors.New("the operator's credentials on a connection that is not a Unix socket's")
		}
		return policy.Operator, nil
	})
}
