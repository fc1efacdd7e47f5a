package doctor

import (
	"context"
	"fmt"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcclient"
)

// peers asks every service whose address is set whether it is well.
func (p Patient) peers(ctx context.Context) (findings []Finding) {
	peers := p.Settings.Peers
	for _, peer := range []struct{ service, addr string }{
		{"identity", peers.Identity}, {"authz", peers.Authz}, {"token", peers.Token}, {"consent", peers.Consent},
	} {
		check := peer.service + " service"
		if peer.addr == "" {
			findings = append(findings, Finding{Check: check, State: Skipped, Text: "peers." + peer.service + " is not set"})
			continue
		}
		f := Finding{Check: check, State: OK, Text: peer.addr + " serves"}
		if err := p.ask(ctx, peer.service, peer.addr); err != nil {
			f = Finding{check, Wrong, err.Error(), "see the service's log and /readyz, or correct peers." + peer.service + " and the certificates"}
		}
		findings = append(findings, f)
	}
	return findings
}

func (p Patient) ask(ctx context.Context, service, addr string) error {
	creds, err := mtls.Client(p.Settings.Certificate(), service)
	if err != nil {
		return err
	}
	conn, err := rpcclient.Dial(addr, creds)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // one question was asked
	ctx, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	res, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return fmt.Errorf("%s: %s", addr, status.Convert(err).Message())
	}
	if res.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return fmt.Errorf("%s answers that it is %s", addr, res.GetStatus())
	}
	return nil
}
