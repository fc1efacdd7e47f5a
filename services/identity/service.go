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
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/fixture"
	"github.com/vidocu/usher/services/identity/internal/password"
	"github.com/vidocu/usher/services/identity/internal/rpc"
	"github.com/vidocu/usher/services/identity/internal/session"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// ErrFixtures says that the database holds users whose password everybody knows.
var ErrFixtures = errors.New("the identity database holds development users")

// Deps are what the service stands on. The caller opens and closes them.
type Deps struct {
	Logger *slog.Logger
	// DB is migrated (see Migrations).
	DB *sqldb.DB
	// ShortLived keeps the browser sessions. Replicas share it.
	ShortLived shortlived.Store
	// Now is the clock of sessions; nil is time.Now.
	Now func() time.Time
}

// Service is the identity service.
type Service struct {
	deps      Deps
	store     *store.Store
	sessions  *rpc.Sessions
	directory *rpc.Directory
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
	st := store.New(deps.DB)
	passwords := password.New(password.Config{Concurrency: config.PasswordConcurrency})
	book := session.New(session.Config{Entries: deps.ShortLived, Users: st, Lifetime: config.SessionLifetime, Now: deps.Now})
	return &Service{
		deps: deps, store: st,
		sessions:  &rpc.Sessions{Accounts: account.Authenticator{Records: st, Passwords: passwords}, Book: book},
		directory: &rpc.Directory{Memberships: st},
	}, nil
}

// Register offers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	identityv1.RegisterSessionServiceServer(r, s.sessions)
	identityv1.RegisterDirectoryServiceServer(r, s.directory)
}

// Ready reports whether the service can answer: its database is there and its schema is current. A short-lived store that
// is down does not count: memberships, on which tokens in use depend, are still answered.
func (s *Service) Ready(ctx context.Context) error {
	pending, err := sqldb.NeedsMigration(ctx, s.deps.DB, Migrations())
	if err != nil {
		return err
	}
	if pending {
		return errors.New("the identity schema has pending migrations: run `usher migrate up`")
	}
	return nil
}

// SeedDevelopment adds the documented users and workspaces where they are missing, and leaves those that are there as they
// are. It is for development: everybody knows their password.
func (s *Service) SeedDevelopment(ctx context.Context) error {
	if err := s.store.Seed(ctx, fixture.People()); err != nil {
		return fmt.Errorf("adding development users: %w", err)
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
	return nil
}
