package doctor

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcclient"
)

// peers checks the health of every service whose address is known.
func (t Target) peers(ctx context.Context) (findings []Finding) {
	peers := t.Settings.Peers
	for _, peer := range []struct{ service, addr string }{
		{"identity", peers.Identity},
		{"authz", peers.Authz},
		{"token", peers.Token},
		{"consent", peers.Consent},
		{"activity", peers.Activity},
	} {
		findings = append(findings, t.peer(ctx, peer.service, peer.addr))
	}
	return findings
}

func (t Target) peer(ctx context.Context, service, addr string) Finding {
	check, fix := service+" service", "see the service's log and /readyz, or correct peers."+service+" and the certificates"
	conn, addr, err := t.dial(service, addr)
	if t.DevFolder != "" {
		fix = "see the log of `usher dev`, or start it again"
	}
	switch {
	case err != nil:
		return Finding{check, Wrong, err.Error(), fix}
	case conn == nil:
		return Finding{Check: check, State: Skipped, Text: "peers." + service + " is not set"}
	}
	defer conn.Close() //nolint:errcheck // it was used for one call that has returned
	if err := t.health(ctx, conn); err != nil {
		return Finding{check, Wrong, addr + ": " + err.Error(), fix}
	}
	return Finding{Check: check, State: OK, Text: addr + " serves"}
}

// dial connects to a service, and returns its address: the socket of `usher dev`, or the one that is set. Without any it
// returns no connection.
func (t Target) dial(service, addr string) (*grpc.ClientConn, string, error) {
	if t.DevFolder != "" {
		path, err := localsock.Path(t.DevFolder, service)
		if err != nil {
			return nil, "", err
		}
		conn, err := localsock.Dial(t.DevFolder, service)
		return conn, path, err
	}
	if addr == "" {
		return nil, "", nil
	}
	creds, err := mtls.Client(t.Settings.Certificate(), service)
	if err != nil {
		return nil, addr, err
	}
	conn, err := rpcclient.Dial(addr, creds)
	return conn, addr, err
}

// health returns an error unless the service says that it serves.
func (t Target) health(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(ctx, t.Limit)
	defer cancel()
	res, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return errors.New(status.Convert(err).Message())
	}
	if res.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return fmt.Errorf("its health is %s", res.GetStatus())
	}
	return nil
}
