package token

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/lastuse"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/inspection"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/logout"
	"github.com/vidocu/usher/services/token/internal/refused"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/seal"
	"github.com/vidocu/usher/services/token/internal/signing"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
	"github.com/vidocu/usher/services/token/internal/usedfrom"
)

// Deps are the service's dependencies. The caller opens and closes them.
type Deps struct {
	Logger *slog.Logger
	// DB is migrated (see Migrations).
	DB *sqldb.DB
	// Authz and Identity reach those services as caller `token`.
	Authz, Identity grpc.ClientConnInterface
	// Catalog has the current scopes, endpoints and plans.
	Catalog *catalog.Source
	// Metrics registers the service's metrics; nil registers none.
	Metrics *telemetry.Metrics
	// Issuer is the authorization server's identifier (RFC 8414 §2).
	Issuer string
	// OpenID says that OpenID Connect is on, which requires Config.KeyEncryptionKey.
	OpenID bool
	// APIURL is the origin of the endpoints that clients call, for DPoP proofs.
	APIURL string
	// Now is the clock for proofs and signing keys; nil is time.Now.
	Now func() time.Time
}

// Service is the token service.
type Service struct {
	config           Config
	deps             Deps
	store            *store.Store
	feed             *feed.Feed
	uses             *lastuse.Recorder
	serviceScopes    serviceScopes
	oauth            *rpc.OAuth
	introspection    *rpc.Introspection
	revocations      *rpc.Revocations
	grants           *rpc.Grants
	enforcement      *enforcement
	users            *rpc.Users
	accessRevocation *rpc.AccessRevocation
	registrations    *rpc.Registrations
	openID           *rpc.OpenID
	// countLogout counts the logout tokens that need no further attempt.
	countLogout func(logout.Outcome)
	// ring has the keys that sign ID tokens; nil where OpenID Connect is off.
	ring      *signing.Ring
	passwords *rpc.Passwords
}

// Migrations are the steps of the service's schema, a folder an engine.
func Migrations() fs.FS { return store.Migrations() }

// New builds the service and creates the partitions that it will write to. It fails on an invalid
// configuration and when the database is unavailable.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("token configuration: %w", err)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	log := newFeed(config, deps)
	st := store.New(deps.DB, log)
	if err := st.MakeRoom(ctx, config.lifetimes()); err != nil {
		return nil, fmt.Errorf("preparing the token store: %w", err)
	}
	authz := newAuthz(config, deps)
	authz.Cache = rpc.NewAuthenticationCache()
	uses, scopes := lastuse.New(st.Touch, deps.Logger), newServiceScopes(deps, authz)
	enforced := newEnforcement(config, deps, st)
	log.Listen(enforced)
	introspector := introspect.Introspector{
		Store: st, Uses: uses, Keys: st, KeyUses: enforced.uses, UserTokens: st, Plans: enforced.plans, Freshness: log,
		Resources: deps.Catalog,
	}
	if config.IntrospectionCacheSize > 0 {
		introspector.Cache = introspect.NewCache(config.IntrospectionCacheSize, log)
	}
	enforced.setDecider(introspector)
	refusals := refused.New(refused.Capacity, refused.TTL)
	resources := grant.Resources{Catalog: deps.Catalog}
	openID, err := openOpenID(ctx, config, deps, st)
	if err != nil {
		return nil, err
	}
	nonces, err := newNonces(config)
	if err != nil {
		return nil, err
	}
	clients := grant.NotedClients{Clients: authz, Applied: log.Applied}
	endpoint := grant.NewEndpoint(clients,
		grant.AuthorizationCode{Codes: authz, Store: st, Lifetimes: config.lifetimes(), Resources: resources, Subjects: openID.subjects, GrantLimit: config.GrantLimit},
		grant.DeviceCode{Store: st, Lifetimes: config.lifetimes(), Resources: resources, Subjects: openID.subjects, GrantLimit: config.GrantLimit},
		grant.RefreshToken{
			Store: st, Sealer: seal.Sealer{}, Lifetimes: config.lifetimes(), Resources: resources, Limit: config.refreshLimit(), Refusals: refusals,
		},
		grant.ClientCredentials{Clients: clients, Store: st, Log: st.RevocationLog, Catalog: deps.Catalog, Lifetimes: config.lifetimes(), Scopes: scopes},
	)
	endpoint.IDTokens = openID.tokens
	s := &Service{
		config: config, deps: deps, store: st, feed: log, uses: uses, serviceScopes: scopes,
		oauth: &rpc.OAuth{
			Endpoint: endpoint, Authz: authz, Revoker: st, Introspector: introspector, Issuer: deps.Issuer,
			Proofs: rpc.ProofVerifier{Origin: deps.APIURL, Now: deps.Now, Nonces: nonces}, Tokens: rpc.NewTokenMetrics(deps.Metrics),
			Logger: deps.Logger, Sources: new(usedfrom.Recent),
		},
		introspection:    &rpc.Introspection{Introspector: introspector, Issuer: deps.Issuer},
		revocations:      &rpc.Revocations{Feed: log, Heartbeat: config.HeartbeatInterval, Lifetime: config.WatchLifetime, Digest: deps.Catalog.Digest},
		grants:           &rpc.Grants{Store: st, Codes: st, Lifetimes: config.grantLifetimes()},
		enforcement:      enforced,
		users:            newUsers(config, deps, st),
		accessRevocation: newAccessRevocation(deps, st, authz),
		openID:           openID.server(config, deps, introspector), ring: openID.ring,
	}
	if openID.ring != nil {
		s.oauth.Hints = openID.issuer
	}
	s.registrations = &rpc.Registrations{Revoker: s.accessRevocation.Revoker, Registrations: authz}
	s.passwords = &rpc.Passwords{
		Revoker: s.accessRevocation.Revoker, Credentials: newIdentity(deps).Credentials, Sessions: identityv1.NewSessionServiceClient(deps.Identity),
	}
	s.registerMetrics(introspector.Cache, authz.Cache)
	s.countLogout = registerLogouts(deps.Metrics)
	return s, nil
}

// newFeed prepares the follower of the revocation log. A SQLite file has one process.
func newFeed(config Config, deps Deps) *feed.Feed {
	return feed.New(feed.Options{
		Log: revlog.NewReader(deps.DB), Logger: deps.Logger, SingleReplica: deps.DB.Engine() == sqldb.SQLite, Heartbeat: config.HeartbeatInterval,
	})
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	tokenv1.RegisterOAuthServiceServer(r, s.oauth)
	tokenv1.RegisterOpenIDServiceServer(r, s.openID)
	tokenv1.RegisterLogoutDeliveryServiceServer(r, &rpc.LogoutDeliveries{Log: store.LogoutStore{Store: s.store}})
	tokenv1.RegisterIntrospectionServiceServer(r, s.introspection)
	tokenv1.RegisterRevocationServiceServer(r, s.revocations)
	tokenv1.RegisterGrantServiceServer(r, s.grants)
	s.enforcement.register(r)
	s.store.Events().Register(r)
	tokenv1.RegisterUserServiceServer(r, s.users)
	tokenv1.RegisterEndingServiceServer(r, s.accessRevocation)
	tokenv1.RegisterRegistrationServiceServer(r, s.registrations)
	tokenv1.RegisterPasswordServiceServer(r, s.passwords)
	tokenv1.RegisterOversightServiceServer(r, &rpc.Inspection{Inspector: inspection.Inspector{Store: s.store, Log: s.store.RevocationLog}})
}

// Run does the service's background work until ctx ends. It is called once.
func (s *Service) Run(ctx context.Context) error {
	defer s.store.Events().Stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.uses.Run(ctx) })
	group.Go(func() error { return s.enforcement.uses.Run(ctx) })
	group.Go(func() error { return s.serviceScopes.recorder.Run(ctx) })
	group.Go(func() error { s.feed.Run(ctx); return nil })
	s.startCleanup(ctx, group)
	s.startSigning(ctx, group)
	s.startLogout(ctx, group)
	return group.Wait()
}
