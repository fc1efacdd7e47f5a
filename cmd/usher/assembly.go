package main

import (
	"context"
	"net"
	"net/http"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/examples/videoapi"
	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcclient"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/stores"
	sdk "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/consent"
	"github.com/vidocu/usher/services/identity"
	"github.com/vidocu/usher/services/token"
)

// assembly connects the services in one process: with the same servers, interceptors and policy as between processes, over
// connections in memory.
type assembly struct {
	host    *run.Host
	config  *settings
	dbs     databases
	catalog *catalog.Source
	network network
	// apiKey is set to the development key by the start that generates it, and is the zero secret on every later one.
	apiKey *secret.String
}

type databases struct{ identity, authz, token, consent *sqldb.DB }

// openAll opens and migrates the four databases concurrently.
func openAll(ctx context.Context, host *run.Host, c *settings) (d databases, err error) {
	open := func(into **sqldb.DB, s schema) func(context.Context) error {
		return func(context.Context) (err error) {
			*into, err = stores.Migrated(ctx, host, stores.Schema{Name: s.service, URL: s.url, Migrations: s.steps})
			return err
		}
	}
	schemas := c.schemas()
	err = concurrently(ctx,
		open(&d.identity, schemas[0]), open(&d.authz, schemas[1]), open(&d.token, schemas[2]), open(&d.consent, schemas[3]))
	return d, err
}

// network connects callers to services in memory.
type network struct {
	*inproc.Network
	host *run.Host
}

func newNetwork(host *run.Host) network { return network{inproc.NewNetwork(), host} }

// dial connects a caller to services.
func (n network) dial(caller string, conns map[string]*grpc.ClientConnInterface) error {
	for service, into := range conns {
		conn, err := n.Dial(caller, service, append(rpcclient.Options(), rpcclient.Traced(n.host.Tracing)...)...)
		if err != nil {
			return err
		}
		n.host.Closing(conn.Close)
		*into = conn
	}
	return nil
}

// serve serves a service in memory, on the operator's socket, and on any further listeners.
func (a assembly) serve(s run.Service, more ...rpcserver.Listener) error {
	operator, err := a.operator(s.Name)
	if err != nil {
		return err
	}
	s.Listeners = append(append(more, operator...),
		rpcserver.Listener{Listener: a.network.Listen(s.Name), Credentials: inproc.ServerCredentials()})
	return a.host.Serve(s)
}

func (a assembly) identity(ctx context.Context) error {
	service, err := identity.New(a.config.Identity, identity.Deps{
		Logger: a.host.Logger, DB: a.dbs.identity, ShortLived: stores.Memory(a.host), Plans: a.catalog, Now: a.config.Now,
		Metrics: a.host.Metrics,
	})
	if err != nil {
		return err
	}
	if err := service.SeedDevelopment(ctx); err != nil {
		return err
	}
	a.host.Go(service.Run)
	return a.serve(run.Service{Name: "identity", Register: service.Register, Ready: service.Ready})
}

func (a assembly) authz(ctx context.Context) error {
	deps := authz.Deps{
		Logger: a.host.Logger, DB: a.dbs.authz, ShortLived: stores.Memory(a.host), Catalog: a.catalog,
		Issuer: a.config.PublicURL, Now: a.config.Now, Metrics: a.host.Metrics,
	}
	if err := a.network.dial("authz", map[string]*grpc.ClientConnInterface{"identity": &deps.Identity}); err != nil {
		return err
	}
	service, err := authz.New(a.config.Authz, deps)
	if err != nil {
		return err
	}
	if err := service.SeedDevelopment(ctx, a.config.PublicURL); err != nil {
		return err
	}
	a.host.Go(service.Run)
	return a.serve(run.Service{Name: "authz", Register: service.Register, Ready: service.Ready})
}

// token also serves the local port, on which every caller is a resource server.
func (a assembly) token(ctx context.Context, local net.Listener) error {
	deps := token.Deps{Logger: a.host.Logger, DB: a.dbs.token, Catalog: a.catalog, Issuer: a.config.PublicURL, Metrics: a.host.Metrics}
	err := a.network.dial("token", map[string]*grpc.ClientConnInterface{"authz": &deps.Authz, "identity": &deps.Identity})
	if err != nil {
		return err
	}
	service, err := token.New(ctx, a.config.Token, deps)
	if err != nil {
		return err
	}
	if *a.apiKey, err = service.SeedDevelopment(ctx); err != nil {
		return err
	}
	a.host.Go(service.Run)
	return a.serve(run.Service{Name: "token", Register: service.Register, Ready: service.Ready},
		rpcserver.Listener{Listener: local, Credentials: mtls.Plaintext()})
}

func (a assembly) consent(context.Context) error {
	deps := consent.Deps{Logger: a.host.Logger, DB: a.dbs.consent, Catalog: a.catalog, Metrics: a.host.Metrics}
	err := a.network.dial("consent", map[string]*grpc.ClientConnInterface{
		"identity": &deps.Identity, "authz": &deps.Authz, "token": &deps.Token,
	})
	if err != nil {
		return err
	}
	service, err := consent.New(a.config.Consent, deps)
	if err != nil {
		return err
	}
	a.host.Go(service.Run)
	return a.serve(run.Service{Name: "consent", Register: service.Register, Ready: service.Ready})
}

// uncached makes a checker introspect the token of every request: the token service is in this process, and a revoked token is
// refused as soon as the revocation has returned, where a checker's own cache would be invalidated some moments later.
func uncached() sdk.Option { return sdk.WithCacheSize(0) }

// gateway returns the public handler, and adds the handlers of the admin port to it.
func (a assembly) gateway(ctx context.Context, upstream string) (http.Handler, error) {
	deps := gateway.Deps{
		Logger: a.host.Logger, Metrics: a.host.Metrics, Tracing: a.host.Tracing, Catalog: a.catalog,
		PublicURL: a.config.PublicURL, APIURL: a.config.APIURL, UpstreamURL: upstream, Development: true,
	}
	err := a.network.dial("gateway", map[string]*grpc.ClientConnInterface{
		"identity": &deps.Identity, "authz": &deps.Authz, "token": &deps.Token, "consent": &deps.Consent,
	})
	if err != nil {
		return nil, err
	}
	checker := sdk.New(deps.Token, uncached())
	a.host.Closing(checker.Close)
	a.host.Checking(gateway.Warm(checker.Ready))
	deps.Checker = checker
	a.host.Admin(gateway.ForwardAuthPath, gateway.ForwardAuth(a.config.Gateway, deps))
	return gateway.New(ctx, a.config.Gateway, deps)
}

// exampleAPI is the name under which the example API introspects tokens.
const exampleAPI = "video-api"

// upstream returns the URL of the API behind /v1: the configured one, or the example API, which checks every token through the SDK.
func (a assembly) upstream() (string, error) {
	if a.config.UpstreamURL != "" {
		return a.config.UpstreamURL, nil
	}
	var conn grpc.ClientConnInterface
	if err := a.network.dial(exampleAPI, map[string]*grpc.ClientConnInterface{"token": &conn}); err != nil {
		return "", err
	}
	checker := sdk.New(conn, uncached())
	a.host.Closing(checker.Close)
	lis, err := a.host.Listen("the example API", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	a.host.ServeHTTP(lis, videoapi.New(checker), 0)
	return "http://" + lis.Addr().String(), nil
}
