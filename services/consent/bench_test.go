package consent_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/consent"
)

// bench is the service on a temporary database between its caller and its peers, all on the wire.
type bench struct {
	peers    *peers
	db       *sqldb.DB
	service  *consent.Service
	consents consentv1.ConsentServiceClient
	apps     consentv1.ConnectedAppServiceClient
}

func newBench(t *testing.T) bench {
	t.Helper()
	b := bench{peers: newPeers(), db: sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.SQLite, consent.Migrations()))})}
	peers := serve(t, func(r grpc.ServiceRegistrar) {
		identityv1.RegisterSessionServiceServer(r, b.peers)
		identityv1.RegisterDirectoryServiceServer(r, b.peers)
		authzv1.RegisterDecisionServiceServer(r, b.peers)
		authzv1.RegisterClientServiceServer(r, b.peers)
		tokenv1.RegisterGrantServiceServer(r, b.peers)
	})
	var err error
	b.service, err = consent.New(consent.DefaultConfig(), consent.Deps{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), DB: b.db,
		Identity: peers, Authz: peers, Token: peers, Catalog: catalog.Fixed(catalog.Default()),
	})
	if err != nil {
		t.Fatal(err)
	}
	front := serve(t, b.service.Register)
	b.consents, b.apps = consentv1.NewConsentServiceClient(front), consentv1.NewConnectedAppServiceClient(front)
	return b
}

// serve starts a gRPC server that hides errors as rpcserver does, and connects to it.
func serve(t *testing.T, register func(grpc.ServiceRegistrar)) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			res, err := handler(ctx, req)
			return res, oerr.Edge(err)
		}))
	register(server)
	go func() { _ = server.Serve(listener) }() // returns after Stop
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (b bench) prompt(t *testing.T) *consentv1.GetPromptResponse {
	t.Helper()
	res, err := b.consents.GetPrompt(t.Context(), promptRequest())
	if err != nil {
		t.Fatalf("GetPrompt: %v", err)
	}
	return res
}

func promptRequest() *consentv1.GetPromptRequest {
	return &consentv1.GetPromptRequest{RequestId: "request", SessionToken: "john", BrowserToken: "browser", PageInDecision: true}
}

func approval() *consentv1.DecideRequest {
	return &consentv1.DecideRequest{
		RequestId: "request", SessionToken: "john", BrowserToken: "browser",
		Decision: consentv1.Decision_DECISION_APPROVE, WorkspaceId: "ws_acme",
		Page: &consentv1.Page{ClientId: "app"},
	}
}
