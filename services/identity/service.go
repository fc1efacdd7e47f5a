package identity

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/administration"
	"github.com/vidocu/usher/services/identity/internal/attempt"
	"github.com/vidocu/usher/services/identity/internal/authapp"
	"github.com/vidocu/usher/services/identity/internal/credential"
	"github.com/vidocu/usher/services/identity/internal/fixture"
	"github.com/vidocu/usher/services/identity/internal/password"
	"github.com/vidocu/usher/services/identity/internal/rpc"
	"github.com/vidocu/usher/services/identity/internal/session"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// ErrFixtures says that the database holds users whose password everybody knows, or an app whose secret is known.
var ErrFixtures = errors.New("the identity database holds development users or apps")

// Plans are those of the catalog.
type Plans interface {
	// KnownPlan reports whether a plan exists at this moment.
	KnownPlan(name string) bool
}

// Deps are what the service stands on. The caller opens and closes them.
type Deps struct {
	Logger *slog.Logger
	// DB is migrated (see Migrations).
	DB *sqldb.DB
	// ShortLived keeps the browser sessions and counts attempts. Replicas share it.
	ShortLived shortlived.Store
	// Plans are the ones that a workspace may have; nil is the built-in catalog's.
	Plans Plans
	// Metrics shows what goes on; nil shows nothing.
	Metrics *telemetry.Metrics
	// Now is the clock of sessions; nil is time.Now.
	Now func() time.Time
}

// Service is the identity service.
type Service struct {
	config         Config
	deps           Deps
	store          *store.Store
	sessions       *rpc.Sessions
	credentials    *rpc.Credentials
	directory      *rpc.Directory
	administration *rpc.Administration
}

// Migrations are the steps of the service's schema, a folder an engine.
func Migrations() fs.FS { return store.Migrations() }

// New builds the service. It asks nothing of its stores yet, and fails on a bad configuration alone.
func New(config Config, deps Deps) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("identity configuration: %w", err)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Plans == nil {
		deps.Plans = catalog.Default()
	}
	st := store.New(deps.DB)
	passwords := password.New(password.Config{Concurrency: config.passwordConcurrency(), Waiting: config.PasswordWaiting})
	deps.Metrics.Passwords(passwords.Running, passwords.Waiting)
	signIns := deps.Metrics.SignIns()
	apps := authapp.Registry{Apps: st}
	guard := attempts(config, deps)
	doors := credential.Doors{
		Attempts: guard, Accounts: account.Authenticator{Records: st, Passwords: passwords}, Apps: apps,
	}
	book := session.New(session.Config{Entries: deps.ShortLived, Users: st, Lifetime: config.SessionLifetime, Now: deps.Now})
	return &Service{
		config: config, deps: deps, store: st,
		sessions:    &rpc.Sessions{Doors: doors, Book: book, SignIns: signIns},
		credentials: &rpc.Credentials{Doors: doors, SignIns: signIns},
		directory:   &rpc.Directory{Memberships: st},
		administration: &rpc.Administration{
			People: administration.Desk{Store: st, Passwords: passwords, Plans: deps.Plans, Attempts: guard}, Apps: apps,
		},
	}, nil
}

func attempts(config Config, deps Deps) *attempt.Guard {
	return attempt.New(attempt.Config{
		Limiter: &ratelimit.Limiter{
			Entries: deps.ShortLived, Prefix: attempt.Prefix, Now: deps.Now,
			Exhausted: ratelimit.NewNotices(deps.Logger, deps.Now).Exhausted,
		},
		Account: ratelimit.Budget{Limit: config.AccountAttempts, Window: config.AccountWindow},
		Source:  ratelimit.Budget{Limit: config.SourceAttempts, Window: config.SourceWindow},
	})
}

// Register offers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	identityv1.RegisterSessionServiceServer(r, s.sessions)
	identityv1.RegisterCredentialServiceServer(r, s.credentials)
	identityv1.RegisterDirectoryServiceServer(r, s.directory)
	identityv1.RegisterAdministrationServiceServer(r, s.administration)
}

// Run keeps house until ctx ends: in one replica at a time.
func (s *Service) Run(ctx context.Context) error {
	cleanup.Runner{
		Name: "identity", DB: s.deps.DB, Logger: s.deps.Logger, Every: cleanup.Hourly, Done: s.deps.Metrics.CleanupSucceeded,
		Work: func(ctx context.Context) error {
			return errors.Join(account.Respell(ctx, s.store, s.shared(ctx)), s.store.Housekeep(ctx, s.config.RevokedAppRetention))
		},
	}.Run(ctx)
	return nil
}

// shared says of two accounts that they have one address, and leaves both as they are: which of them goes is an operator's decision.
// The log names the one that keeps its earlier form; the other is found by the address.
func (s *Service) shared(ctx context.Context) func(userID string, address account.Address) {
	return func(userID string, address account.Address) {
		other, err := s.store.FindRecord(ctx, account.Spelling{Canonical: address, Earlier: address})
		if err != nil || other.Disabled {
			return // decided already, or changed at this moment: the next run looks again
		}
		s.deps.Logger.WarnContext(ctx, "two users have one e-mail address in different spellings: disable one of them",
			"user_id", userID, "other_user_id", other.ID)
	}
}

// SeedDevelopment adds the documented users, workspaces and authentication app where they are missing, and leaves those that are there as they
// are. It is for development: everybody knows their password.
func (s *Service) SeedDevelopment(ctx context.Context) error {
	if err := s.store.Seed(ctx, fixture.People()); err != nil {
		return fmt.Errorf("adding development users: %w", err)
	}
	if err := s.store.SeedApp(ctx, fixture.App(), fixture.AppSecret()); err != nil {
		return fmt.Errorf("adding the development authentication app: %w", err)
	}
	return nil
}

// RefuseFixtures fails with ErrFixtures when SeedDevelopment has ever been here: a production start must not go on.
func (s *Service) RefuseFixtures(ctx context.Context) error {
	for _, id := range fixture.UserIDs() {
		_, err := s.store.FindUser(ctx, id)
		if err == nil {
			return fmt.Errorf("%w: %s", ErrFixtures, id)
		}
		if !errors.Is(err, account.ErrUnknown) {
			return fmt.Errorf("looking for development users: %w", err)
		}
	}
	_, err := s.store.FindApp(ctx, fixture.App().ID)
	if err == nil {
		return fmt.Errorf("%w: %s", ErrFixtures, fixture.App().ID)
	}
	if !errors.Is(err, authapp.ErrUnknown) {
		return fmt.Errorf("looking for the development authentication app: %w", err)
	}
	return nil
}
