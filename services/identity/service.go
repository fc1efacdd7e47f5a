package identity

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/lastuse"
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

// ErrFixtures is returned if the database contains the users or the app of the documents' examples,
// whose password and secret are public.
var ErrFixtures = errors.New("the identity database holds development users or apps")

// Plans are the plans of the catalog.
type Plans interface {
	// KnownPlan reports whether a plan exists now.
	KnownPlan(name string) bool
}

// Deps are the dependencies of the service. The caller opens and closes them.
type Deps struct {
	Logger *slog.Logger
	// DB must be migrated (see Migrations).
	DB *sqldb.DB
	// ShortLived stores the browser sessions and counts attempts. All replicas share it.
	ShortLived shortlived.Store
	// Plans are the plans that a workspace may have; nil is the built-in catalog.
	Plans Plans
	// Metrics receives the metrics; nil records none.
	Metrics *telemetry.Metrics
	// Now is the clock of sessions; nil is time.Now.
	Now func() time.Time
}

// Service is the identity service.
type Service struct {
	config         Config
	deps           Deps
	store          *store.Store
	failures       *lastuse.Recorder
	sessions       *rpc.Sessions
	credentials    *rpc.Credentials
	directory      *rpc.Directory
	administration *rpc.Administration
	workspaces     *rpc.Workspaces
}

// Migrations returns the migrations of the service's schema, one folder per database engine.
func Migrations() fs.FS { return store.Migrations() }

// New builds the service. It does not access the stores, and returns an error only if the
// configuration is invalid.
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
	failures := lastuse.NewCounter(func(ctx context.Context, userID []byte, count int64) error {
		return st.AddFailedSignIns(ctx, string(userID), count)
	}, deps.Logger.With("of", "failed sign-ins"))
	verifier := credential.Verifier{
		Attempts: guard,
		Accounts: account.Authenticator{Records: st, Passwords: passwords, Failed: func(userID string) { failures.Used([]byte(userID)) }},
		Apps:     apps,
	}
	sessions := &session.Store{Entries: deps.ShortLived, Users: st, Lifetime: config.SessionLifetime, Now: deps.Now}
	return &Service{
		config: config, deps: deps, store: st, failures: failures,
		sessions: &rpc.Sessions{Verifier: verifier, Store: sessions, Accounts: st, SignIns: signIns},
		credentials: &rpc.Credentials{
			Verifier: verifier, Changer: credential.Changer{Verifier: verifier, Sessions: sessions, Store: st},
			Logger: deps.Logger, SignIns: signIns,
		},
		directory:  &rpc.Directory{Memberships: st, Users: st},
		workspaces: &rpc.Workspaces{Sessions: sessions, Members: st},
		administration: &rpc.Administration{
			Service: administration.Service{Store: st, Passwords: passwords, Plans: deps.Plans, Attempts: guard}, Apps: apps,
		},
	}, nil
}

func attempts(config Config, deps Deps) *attempt.Guard {
	return &attempt.Guard{
		Limiter: &ratelimit.Limiter{
			Entries: deps.ShortLived, Prefix: attempt.Prefix, Now: deps.Now,
			Exhausted: ratelimit.NewNotices(deps.Logger, deps.Now, attempt.Prefix).Exhausted,
		},
		Account: ratelimit.Budget{Limit: config.AccountAttempts, Window: config.AccountWindow},
		Source:  ratelimit.Budget{Limit: config.SourceAttempts, Window: config.SourceWindow},
		SignIns: ratelimit.Budget{Limit: config.AccountSignIns, Window: config.AccountWindow},
	}
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	identityv1.RegisterSessionServiceServer(r, s.sessions)
	identityv1.RegisterEndedSessionServiceServer(r, &rpc.EndedSessions{Store: s.store})
	identityv1.RegisterCredentialServiceServer(r, s.credentials)
	identityv1.RegisterDirectoryServiceServer(r, s.directory)
	identityv1.RegisterAdministrationServiceServer(r, s.administration)
	identityv1.RegisterWorkspaceServiceServer(r, s.workspaces)
	s.store.Events().Register(r)
}

// Run does the service's background work until ctx is done: it writes the counts of failed sign-ins,
// and runs the cleanup on one replica at a time.
func (s *Service) Run(ctx context.Context) error {
	defer s.store.Events().Stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.failures.Run(ctx) })
	group.Go(func() error { s.runCleanup(ctx); return nil })
	return group.Wait()
}

func (s *Service) runCleanup(ctx context.Context) {
	kept := store.Retention{RevokedApps: s.config.RevokedAppRetention, Events: s.config.ActivityRetention}
	cleanup.Runner{
		Name: "identity", DB: s.deps.DB, Logger: s.deps.Logger, Every: cleanup.Hourly, Done: s.deps.Metrics.CleanupSucceeded,
		Work: func(ctx context.Context) error {
			return errors.Join(account.Respell(ctx, s.store, s.warnShared(ctx)), s.store.CleanUp(ctx, kept))
		},
	}.Run(ctx)
}

// warnShared returns a function that logs two accounts with the same address and changes neither:
// an operator decides which one to disable. The log names the account that keeps its earlier form,
// and the one that is found by the address.
func (s *Service) warnShared(ctx context.Context) func(userID string, address account.Address) {
	return func(userID string, address account.Address) {
		other, err := s.store.FindRecord(ctx, account.Spelling{Canonical: address, Earlier: address})
		if err != nil || other.Disabled {
			return // already resolved, or changed concurrently: the next run checks again
		}
		s.deps.Logger.WarnContext(ctx, "two users have one e-mail address in different spellings: disable one of them",
			"user_id", userID, "other_user_id", other.ID)
	}
}

// SeedDevelopment adds the documents' users, workspaces and authentication app if they are missing,
// and does not change existing ones. It is for development only: their passwords are public.
func (s *Service) SeedDevelopment(ctx context.Context) error {
	if err := s.store.Seed(ctx, fixture.Directory()); err != nil {
		return fmt.Errorf("adding development users: %w", err)
	}
	if err := s.store.SeedApp(ctx, fixture.App(), fixture.AppSecret()); err != nil {
		return fmt.Errorf("adding the development authentication app: %w", err)
	}
	return nil
}

// RefuseFixtures returns ErrFixtures if the database contains anything that SeedDevelopment added,
// so that a production start fails.
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
