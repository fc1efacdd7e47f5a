package admin

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/rpcclient"
	"github.com/vidocu/usher/internal/platform/run"
)

// DefaultDataDir is the data folder of `usher dev` where data_dir is not set.
const DefaultDataDir = "data"

// connection is a connection to a service, with the address that error messages name.
type connection struct {
	*grpc.ClientConn

	service, addr string
	timeout       time.Duration
}

// dial connects to a service, once in a session: at its address with the operator's certificate, or through the socket of an
// `usher dev` on this machine where no peer is set. One command never uses both, which would mix two deployments.
func (s *Session) dial(service string) (connection, error) {
	if conn, ok := s.conns[service]; ok {
		return conn, nil
	}
	settings, err := s.settings()
	if err != nil {
		return connection{}, err
	}
	conn, addr, err := connect(settings, service)
	if err != nil {
		return connection{}, err
	}
	s.conns[service] = connection{ClientConn: conn, service: service, addr: addr, timeout: s.options.Timeout}
	return s.conns[service], nil
}

func connect(settings *run.Settings, service string) (conn *grpc.ClientConn, addr string, err error) {
	if settings.Peers == (run.Peers{}) {
		return dialSocket(settings, service)
	}
	addr = map[string]string{
		"identity": settings.Peers.Identity, "authz": settings.Peers.Authz, "token": settings.Peers.Token, "consent": settings.Peers.Consent,
		"activity": settings.Peers.Activity,
	}[service]
	if addr == "" { // the socket would be another deployment's
		return nil, "", fmt.Errorf("peers.%s is not set (USHER_PEERS_%s), and other peers are: set it too; "+
			"the sockets of an `usher dev` are used only where no peer is set", service, strings.ToUpper(service))
	}
	conn, err = dialTLS(settings, service, addr)
	return conn, addr, err
}

// dialTLS connects with the operator's certificate.
func dialTLS(settings *run.Settings, service, addr string) (*grpc.ClientConn, error) {
	creds, err := mtls.Client(settings.Certificate(), service)
	if err != nil {
		return nil, fmt.Errorf("%w: the certificate must name spiffe://%s/%s", err, settings.TrustDomain, policy.Operator)
	}
	conn, err := rpcclient.Dial(addr, creds)
	if err != nil {
		return nil, fmt.Errorf("peers.%s: %w", service, err)
	}
	return conn, nil
}

// dialSocket connects through the socket of `usher dev`. It returns an error that says what to set where there is none.
func dialSocket(settings *run.Settings, service string) (*grpc.ClientConn, string, error) {
	dir := cmp.Or(settings.DataDir, DefaultDataDir)
	path, err := localsock.Path(dir, service)
	if err != nil {
		return nil, "", err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, "", fmt.Errorf("no %[1]s service to connect to: set peers.%[1]s and tls.* (USHER_PEERS_%[3]s, "+
			"USHER_TLS_CERT_FILE, USHER_TLS_KEY_FILE, USHER_TLS_CA_FILE), or start `usher dev` and set data_dir (USHER_DATA_DIR) to its folder: "+
			"there is no socket at %[2]s", service, path, strings.ToUpper(service))
	}
	conn, err := localsock.Dial(dir, service)
	return conn, path, err
}
