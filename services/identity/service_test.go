package identity_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity"
)

// open builds a service on an empty database without a schema.
func open(t *testing.T) (*identity.Service, *sqldb.DB) {
	t.Helper()
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.SQLite(t))})
	s, err := identity.New(identity.DefaultConfig(), identity.Deps{
		Logger: slog.New(slog.DiscardHandler), DB: db, ShortLived: shortlived.NewMemory(shortlived.MemoryOptions{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func migrate(t *testing.T, db *sqldb.DB) {
	t.Helper()
	if err := sqldb.Migrate(t.Context(), db, identity.Migrations()); err != nil {
		t.Fatal(err)
	}
}

// serve serves the RPCs and connects to them.
func serve(t *testing.T, s *identity.Service) (*grpc.Server, *grpc.ClientConn) {
	t.Helper()
	server, lis := grpc.NewServer(), bufconn.Listen(1<<16)
	s.Register(server)
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///identity", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return server, conn
}

func TestTheDocumentedUsersSignIn(t *testing.T) {
	s, db := open(t)
	migrate(t, db)
	for range 2 { // a restart seeds again
		if err := s.SeedDevelopment(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_, conn := serve(t, s)
	sessions, directory := identityv1.NewSessionServiceClient(conn), identityv1.NewDirectoryServiceClient(conn)
	for address, want := range map[string]struct {
		id, name   string
		workspaces map[string]identityv1.Role
	}{
		"john.doe@gmail.com": {"usr_john", "John Doe", map[string]identityv1.Role{
			"ws_acme": identityv1.Role_ROLE_ADMINISTRATOR, "ws_doe": identityv1.Role_ROLE_ADMINISTRATOR,
		}},
		"esther.fray@gmail.com": {"usr_esther", "Esther Fray", map[string]identityv1.Role{"ws_acme": identityv1.Role_ROLE_MEMBER}},
	} {
		in, err := sessions.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{
			EmailAddress: address, Password: "examplepassword",
		})
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		if u := in.GetSession(); u.GetUserId() != want.id || u.GetDisplayName() != want.name || u.GetEmailAddress() != address {
			t.Errorf("%s signs in as %v", address, u)
		}
		list, err := directory.ListWorkspaces(t.Context(), &identityv1.ListWorkspacesRequest{UserId: want.id})
		if err != nil || len(list.GetWorkspaces()) != len(want.workspaces) {
			t.Errorf("%s belongs to %v, %v", address, list, err)
		}
		for _, w := range list.GetWorkspaces() {
			if w.GetRole() != want.workspaces[w.GetWorkspaceId()] {
				t.Errorf("%s is %v", address, w)
			}
		}
	}
}

func TestEveryMethodNamesItsCallers(t *testing.T) {
	s, _ := open(t)
	server, _ := serve(t, s)
	if _, err := policy.Build(server.GetServiceInfo(), nil, nil); err != nil {
		t.Error(err)
	}
}

func TestAProductionStartRefusesDevelopmentUsers(t *testing.T) {
	s, db := open(t)
	migrate(t, db)
	if err := s.RefuseFixtures(t.Context()); err != nil {
		t.Errorf("an empty database is refused: %v", err)
	}
	if err := s.SeedDevelopment(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), "DELETE FROM users WHERE id = 'usr_john'"); err != nil {
		t.Fatal(err)
	}
	if err := s.RefuseFixtures(t.Context()); !errors.Is(err, identity.ErrFixtures) {
		t.Errorf("Esther is still there: %v", err)
	}
	_ = db.Close()
	if err := s.RefuseFixtures(t.Context()); !errors.Is(err, sqldb.ErrUnavailable) {
		t.Errorf("a closed database: %v", err)
	}
}
