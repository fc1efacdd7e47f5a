package authz_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/inproc/inproctest"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

const publicURL = "https://usher.test"

// identity is a fake of the identity service with the session "john", and one of each "user…".
type identity struct {
	identityv1.UnimplementedSessionServiceServer

	mu   sync.Mutex
	down error
}

func (i *identity) GetSession(_ context.Context, req *identityv1.GetSessionRequest) (*identityv1.GetSessionResponse, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.down != nil:
		return nil, i.down
	case req.GetSessionToken() != "john" && !strings.HasPrefix(req.GetSessionToken(), "user"):
		return nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "sign in")
	}
	res := &identityv1.GetSessionResponse{Session: &identityv1.Session{UserId: "usr_" + req.GetSessionToken()}}
	if req.GetIncludeWorkspaces() {
		res.Session.EmailAddress = strings.ToUpper(req.GetSessionToken()) + "@example.com"
		res.Workspaces = &identityv1.WorkspaceList{}
		// user/<role>/<workspace> is a member of one workspace.
		if parts := strings.Split(req.GetSessionToken(), "/"); len(parts) == 3 {
			role := identityv1.Role(identityv1.Role_value["ROLE_"+strings.ToUpper(parts[1])])
			res.Workspaces.Workspaces = []*identityv1.Workspace{{WorkspaceId: parts[2], Name: "The " + parts[2], Role: role}}
		}
	}
	return res, nil
}

func (i *identity) breakDown(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = err
}

// bench is the service as the all-in-one runs it, with a fake identity, and connections of its
// callers.
type bench struct {
	service  *authz.Service
	db       *sqldb.DB
	identity *identity
	clock    *authztest.Clock
	token    string
	// shortLived is the short-lived store.
	shortLived *entries

	browser   authzv1.AuthorizationServiceClient // as gateway
	decisions authzv1.DecisionServiceClient      // as consent
	codes     authzv1.CodeServiceClient          // as token
	clients   authzv1.ClientServiceClient        // as token
	// registrations are as gateway, from the first registration on.
	registrations authzv1.RegistrationServiceClient
	network       *inproc.Network
}

// entries is the in-memory short-lived store; away makes its budgets unavailable.
type entries struct {
	shortlived.Store
	away atomic.Bool
	// budgets are the keys of which something was spent.
	budgets sync.Map
}

func (e *entries) Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error) {
	if e.away.Load() {
		return false, shortlived.ErrUnavailable
	}
	e.budgets.Store(key, true)
	return e.Store.Spend(ctx, key, limit, window)
}

// newService builds the service on an empty database without a schema.
func newService(t *testing.T, network *inproc.Network, clock *authztest.Clock) (*authz.Service, *sqldb.DB) {
	t.Helper()
	memory := shortlived.NewMemory(shortlived.MemoryOptions{Now: clock.Now})
	return newServiceOn(t, network, clock, memory, func(d *authz.Deps) {
		d.DB = sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.SQLite(t))})
	})
}

func newServiceOn(
	t *testing.T, network *inproc.Network, clock *authztest.Clock, entries shortlived.Store, change ...func(*authz.Deps),
) (*authz.Service, *sqldb.DB) {
	t.Helper()
	deps := authz.Deps{
		Logger: slog.New(slog.DiscardHandler), DB: database(t), Catalog: catalog.Fixed(catalog.Default()), Issuer: publicURL, Now: clock.Now,
		ShortLived: entries, Identity: dial(t, network, "authz", "identity"),
	}
	for _, edit := range change {
		edit(&deps)
	}
	service, err := authz.New(authz.DefaultConfig(), deps)
	if err != nil {
		t.Fatal(err)
	}
	return service, deps.DB
}

// database opens a fresh database with the service's schema.
func database(t *testing.T) *sqldb.DB {
	t.Helper()
	return sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.SQLite, authz.Migrations()))})
}

func migrate(t *testing.T, db *sqldb.DB) {
	t.Helper()
	if err := sqldb.Migrate(t.Context(), db, authz.Migrations()); err != nil {
		t.Fatal(err)
	}
}

func newBench(t *testing.T, change ...func(*authz.Deps)) *bench {
	t.Helper()
	b := &bench{identity: &identity{}, clock: authztest.NewClock(), token: secret.NewCode().Reveal(), network: inproc.NewNetwork()}
	b.shortLived = &entries{Store: shortlived.NewMemory(shortlived.MemoryOptions{Now: b.clock.Now})}
	b.service, b.db = newServiceOn(t, b.network, b.clock, b.shortLived, change...)
	if err := b.service.SeedDevelopment(t.Context(), publicURL); err != nil {
		t.Fatal(err)
	}
	serve(t, b.network, "identity", func(r grpc.ServiceRegistrar) {
		identityv1.RegisterSessionServiceServer(r, b.identity)
		identityv1.RegisterDirectoryServiceServer(r, workspaces{})
	})
	serve(t, b.network, "authz", b.service.Register)
	b.browser = authzv1.NewAuthorizationServiceClient(dial(t, b.network, "gateway", "authz"))
	b.decisions = authzv1.NewDecisionServiceClient(dial(t, b.network, "consent", "authz"))
	b.codes = authzv1.NewCodeServiceClient(dial(t, b.network, "token", "authz"))
	b.clients = authzv1.NewClientServiceClient(dial(t, b.network, "token", "authz"))
	return b
}

func serve(t *testing.T, network *inproc.Network, name string, register func(grpc.ServiceRegistrar)) {
	t.Helper()
	inproctest.Serve(t, network, rpcserver.Options{Name: name}, register)
}

func dial(t *testing.T, network *inproc.Network, caller, service string) *grpc.ClientConn {
	t.Helper()
	return inproctest.Dial(t, network, caller, service)
}

func wantReason(t *testing.T, what string, err error, want errorv1.Reason) {
	t.Helper()
	if err == nil || oerr.Reason(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}
