package admin

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcclient"
	"github.com/vidocu/usher/internal/platform/run"
)

// DefaultDataDir is the data folder of `usher dev` where data_dir is not set.
const DefaultDataDir = "data"

// dial connects to a service: at its address, as the operator whom the certificate names, or through the socket of an
// all-in-one on this machine.
func (s *Session) dial(service string) (grpc.ClientConnInterface, error) {
	if known, ok := s.conns[service]; ok {
		return known, nil
	}
	settings, err := s.settings()
	if err != nil {
		return bounded{}, err
	}
	conn, where, err := connect(settings, service)
	if err != nil {
		return bounded{}, err
	}
	s.conns[service] = bounded{ClientConn: conn, service: service, where: where, limit: s.options.Timeout}
	return s.conns[service], nil
}

func connect(settings *run.Settings, service string) (conn *grpc.ClientConn, where string, err error) {
	addr := map[string]string{
		"identity": settings.Peers.Identity, "authz": settings.Peers.Authz, "token": settings.Peers.Token,
	}[service]
	if addr != "" {
		conn, err = proven(settings, service, addr)
		return conn, addr, err
	}
	return local(settings, service)
}

// proven connects with the operator's certificate.
func proven(settings *run.Settings, service, addr string) (*grpc.ClientConn, error) {
	files := settings.TLS
	files.TrustDomain = settings.TrustDomain
	creds, err := mtls.Client(files, service)
	if err != nil {
		return nil, fmt.Errorf("%w: the certificate must name spiffe://%s/%s", err, settings.TrustDomain, localsock.Operator)
	}
	conn, err := rpcclient.Dial(addr, creds)
	if err != nil {
		return nil, fmt.Errorf("peers.%s: %w", service, err)
	}
	return conn, nil
}

// local connects through the socket of an all-in-one, if there is one.
func local(settings *run.Settings, service string) (*grpc.ClientConn, string, error) {
	dir := cmp.Or(settings.DataDir, DefaultDataDir)
	path, err := localsock.Path(dir, service)
	if err != nil {
		return nil, "", err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, "", fmt.Errorf("no %[1]s service to talk to: set peers.%[1]s and tls.* (USHER_PEERS_%[3]s, "+
			"USHER_TLS_CERT_FILE, USHER_TLS_KEY_FILE, USHER_TLS_CA_FILE), or start `usher dev` and set data_dir (USHER_DATA_DIR) to its folder: "+
			"there is no socket at %[2]s", service, path, strings.ToUpper(service))
	}
	conn, err := localsock.Dial(dir, service)
	return conn, path, err
}
