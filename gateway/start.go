package gateway

import (
	"cmp"
	"context"
	"fmt"

	"github.com/vidocu/usher/gateway/internal/requestlog"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	"github.com/vidocu/usher/internal/platform/run"
	usher "github.com/vidocu/usher/sdk"
)

// Start connects to the services and serves the gateway until the process ends. In the all-in-one
// the checker does not cache: it introspects the token of every request of /v1 in this process, so
// that a revocation holds as soon as it has returned.
func Start(ctx context.Context, host *run.Host, config Config) error {
	s := host.Settings
	deps := Deps{
		Logger: host.Logger, Metrics: host.Metrics, Tracing: host.Tracing,
		PublicURL: s.PublicURL, APIURL: s.APIURL, UpstreamURL: s.UpstreamURL, Development: s.Development, ClientDocuments: s.ClientDocuments.On(),
		OpenID:       s.OpenID,
		PushRequired: s.RequirePAR,
		Registration: s.DCR == "token" || s.DCR == "open",
	}
	var err error
	if deps.Catalog, err = host.Catalog(); err != nil {
		return err
	}
	if deps.Identity, err = host.Dial("identity"); err != nil {
		return err
	}
	if deps.Authz, err = host.Dial("authz"); err != nil {
		return err
	}
	if deps.Token, err = host.Dial("token"); err != nil {
		return err
	}
	if deps.Consent, err = host.Dial("consent"); err != nil {
		return err
	}
	if host.AllInOne() || s.Peers.Activity != "" {
		conn, err := host.Dial("activity")
		if err != nil {
			return err
		}
		deps.Activity = conn
		origins := requestlog.Origins{Issuer: s.PublicURL, API: cmp.Or(s.APIURL, s.PublicURL)}
		deps.Requests = requestlog.New(activityv1.NewRequestLogServiceClient(conn), origins, host.Logger, host.Metrics.RequestsDropped())
		host.Go(deps.Requests.Run)
		host.Closing(deps.Requests.Close)
	}
	var options []usher.Option
	if host.AllInOne() {
		options = append(options, usher.WithCacheSize(0))
	}
	checker := usher.New(deps.Token, options...)
	host.Closing(checker.Close)
	host.Checking(ReadyOnce(checker.Ready))
	deps.Checker = checker
	handler, err := New(ctx, config, deps)
	if err != nil {
		return err
	}
	lis, err := host.Listen("http_addr", s.HTTPAddr)
	if err != nil {
		return err
	}
	host.ServeHTTP(lis, handler, config.IdleTimeout)
	host.Admin(ForwardAuthPath, ForwardAuth(config, deps))
	return nil
}

// Check returns faults in settings that the start would find: it reads the logo.
func Check(config Config) []error {
	config.AccentColor = "" // Validate reports it
	if _, err := config.brand(); err != nil {
		return []error{fmt.Errorf("gateway.%w", err)}
	}
	return nil
}
