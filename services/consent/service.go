package consent

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/policy"
	"github.com/vidocu/usher/services/consent/internal/rpc"
	"github.com/vidocu/usher/services/consent/internal/store"
	"github.com/vidocu/usher/services/consent/internal/workspaceapp"
)

// Deps are the service's dependencies. The caller opens and closes them.
type Deps struct {
	Logger *slog.Logger
	// DB is migrated (see Migrations).
	DB *sqldb.DB
	// Identity, Authz and Token reach those services as caller `consent`.
	Identity, Authz, Token grpc.ClientConnInterface
	// Catalog has the current descriptions and order of the scopes.
	Catalog *catalog.Source
	// Metrics registers the service's metrics; nil registers none.
	Metrics *telemetry.Metrics
}

// Service is the consent service.
type Service struct {
	config  Config
	deps    Deps
	store   *store.Store
	decider decision.Decider
	apps    connectedapp.Service
	// workspaces is what administrators of workspaces decide.
	workspaces *rpc.Workspaces
}

// Migrations are the steps of the service's schema, a folder an engine.
func Migrations() fs.FS { return store.Migrations() }

// New builds the service without calling another one. It fails on an invalid configuration.
func New(config Config, deps Deps) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("consent configuration: %w", err)
	}
	st := store.New(deps.DB)
	identity := rpc.Identity{
		Sessions: identityv1.NewSessionServiceClient(deps.Identity), Directory: identityv1.NewDirectoryServiceClient(deps.Identity),
	}
	authz := rpc.Authz{Decisions: authzv1.NewDecisionServiceClient(deps.Authz), Clients: authzv1.NewClientServiceClient(deps.Authz)}
	token := rpc.Token{Grants: tokenv1.NewGrantServiceClient(deps.Token)}
	policies := policy.Administration{Store: st, Versions: token}
	return &Service{
		config: config, deps: deps, store: st,
		decider: decision.Decider{
			Identity: identity, Authorizations: authz, Epochs: token, Codes: token, Consents: st, Approvals: st, Catalog: deps.Catalog,
			Policies: policy.NewCache(st, time.Now), Requests: policies,
		},
		apps: connectedapp.Service{
			Identity: identity, Clients: authz, Connections: token, Approvals: st,
			ScopeOrder: deps.Catalog.Names, Logger: deps.Logger,
		},
		workspaces: &rpc.Workspaces{
			Sessions: identity.Sessions, Directory: identity.Directory,
			Apps:     workspaceapp.Service{Tokens: token, Clients: authz, Consents: st, ScopeOrder: deps.Catalog.Names},
			Policies: policies, Clients: authz,
		},
	}, nil
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	consentv1.RegisterConsentServiceServer(r, &rpc.Consents{Decider: s.decider})
	consentv1.RegisterConnectedAppServiceServer(r, &rpc.ConnectedApps{Apps: s.apps})
	consentv1.RegisterWorkspaceServiceServer(r, s.workspaces)
	s.store.Events().Register(r)
}

// Run runs cleanup until ctx ends, on one replica at a time.
func (s *Service) Run(ctx context.Context) error {
	defer s.store.Events().Stop()
	cleanup.Runner{
		Name: "consent", DB: s.deps.DB, Logger: s.deps.Logger, Every: cleanup.Hourly, Later: true, Done: s.deps.Metrics.CleanupSucceeded,
		Work: func(ctx context.Context) error { return s.store.CleanUp(ctx, s.config.Retention) },
	}.Run(ctx)
	return nil
}
