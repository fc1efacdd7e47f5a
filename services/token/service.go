package token

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/ending"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/lastuse"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/seal"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// housekeepEvery is how often partitions are made ahead and dropped behind.
const housekeepEvery = 10 * time.Minute

// Deps are what the service stands on. The caller opens and closes them.
type Deps struct {
	Logger *slog.Logger
	// DB is migrated (see Migrations).
	DB *sqldb.DB
	// Authz and Identity reach those services as caller `token`.
	Authz, Identity grpc.ClientConnInterface
	// Catalog knows the plans.
	Catalog *catalog.Catalog
	// Issuer is the authorization server's identifier (RFC 8414 §2).
	Issuer string
}

// Service is the token service.
type Service struct {
	config        Config
	deps          Deps
	store         *store.Store
	uses          *lastuse.Recorder
	oauth         *rpc.OAuth
	introspection *rpc.Introspection
	grants        *rpc.Grants
	users         *rpc.Users
	endings       *rpc.Endings
}

// Migrations are the steps of the service's schema, a folder an engine.
func Migrations() fs.FS { return store.Migrations() }

// New builds the service and makes sure that the tables it will write to exist. It fails on a bad configuration and on
// a database that cannot be asked.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("token configuration: %w", err)
	}
	st := store.New(deps.DB)
	if err := st.MakeRoom(ctx, config.lifetimes()); err != nil {
		return nil, fmt.Errorf("preparing the token store: %w", err)
	}
	authz := rpc.Authz{Clients: authzv1.NewClientServiceClient(deps.Authz), Codes: authzv1.NewCodeServiceClient(deps.Authz)}
	uses := lastuse.New(st, deps.Logger)
	introspector := introspect.Introspector{Store: st, Uses: uses}
	endpoint := grant.NewEndpoint(authz,
		grant.AuthorizationCode{Codes: authz, Store: st, Lifetimes: config.lifetimes()},
		grant.RefreshToken{Store: st, Sealer: seal.Sealer{}, Lifetimes: config.lifetimes()},
	)
	return &Service{
		config: config, deps: deps, store: st, uses: uses,
		oauth:         &rpc.OAuth{Endpoint: endpoint, Authz: authz, Revoker: st, Introspector: introspector, Issuer: deps.Issuer},
		introspection: &rpc.Introspection{Introspector: introspector, Issuer: deps.Issuer},
		grants:        &rpc.Grants{Store: st},
		users:         users(config, deps, st),
		endings:       endings(deps, st),
	}, nil
}

// users is VIDIZMO's user API.
func users(config Config, deps Deps, st *store.Store) *rpc.Users {
	return &rpc.Users{Logger: deps.Logger, Desk: usertoken.Desk{People: people(deps), Store: st, Lifetime: config.UserTokenLifetime}}
}

// endings is what takes access away.
func endings(deps Deps, st *store.Store) *rpc.Endings {
	known := func(plan string) bool {
		return slices.ContainsFunc(deps.Catalog.Plans(), func(p catalog.Plan) bool { return p.Name == plan })
	}
	return &rpc.Endings{Desk: ending.Desk{Store: st, People: people(deps), KnownPlan: known}}
}

func people(deps Deps) rpc.People {
	return rpc.People{
		Credentials:    identityv1.NewCredentialServiceClient(deps.Identity),
		Directory:      identityv1.NewDirectoryServiceClient(deps.Identity),
		Administration: identityv1.NewAdministrationServiceClient(deps.Identity),
	}
}

// Register offers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	tokenv1.RegisterOAuthServiceServer(r, s.oauth)
	tokenv1.RegisterIntrospectionServiceServer(r, s.introspection)
	tokenv1.RegisterGrantServiceServer(r, s.grants)
	tokenv1.RegisterUserServiceServer(r, s.users)
	tokenv1.RegisterEndingServiceServer(r, s.endings)
}

// Run does the service's background work until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.uses.Run(ctx) })
	group.Go(func() error { s.housekeep(ctx); return nil })
	if s.config.RefreshRetryWindow > 0 {
		group.Go(func() error { s.eraseRetries(ctx); return nil })
	}
	return group.Wait()
}

// housekeep makes room ahead and drops what is dead. A failure is logged and tried again: there is room for hours.
func (s *Service) housekeep(ctx context.Context) {
	every(ctx, housekeepEvery, func() {
		err := s.store.Housekeep(ctx, s.config.lifetimes())
		if err != nil && !errors.Is(err, context.Canceled) {
			s.deps.Logger.ErrorContext(ctx, "housekeeping failed", "error", err)
		}
	})
}

// eraseRetries forgets sealed pairs soon after their window has ended.
func (s *Service) eraseRetries(ctx context.Context) {
	every(ctx, max(s.config.RefreshRetryWindow, time.Second), func() {
		if _, err := s.store.EraseRetries(ctx); err != nil && !errors.Is(err, context.Canceled) {
			s.deps.Logger.WarnContext(ctx, "erasing sealed pairs failed", "error", err)
		}
	})
}

func every(ctx context.Context, d time.Duration, work func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			work()
		}
	}
}

// Ready reports whether the service can answer: its database is there and its schema is current.
func (s *Service) Ready(ctx context.Context) error {
	pending, err := sqldb.NeedsMigration(ctx, s.deps.DB, Migrations())
	if err != nil {
		return err
	}
	if pending {
		return errors.New("the token schema has pending migrations: run `usher migrate up`")
	}
	return nil
}
