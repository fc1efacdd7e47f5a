package token_test

import (
	"context"
	"log/slog"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/inproc/inproctest"
	"github.com/vidocu/usher/internal/platform/rpcclient"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/token"
)

// bench is the token service on its own database, with a client for each of its callers and a fake
// of authz.
type bench struct {
	service   *token.Service
	authz     *authorizations
	directory *directory
	db        *sqldb.DB
	network   *inproc.Network
	metrics   *telemetry.Metrics

	oauth       tokenv1.OAuthServiceClient
	grants      tokenv1.GrantServiceClient
	introspect  tokenv1.IntrospectionServiceClient
	access      tokenv1.AccessServiceClient
	keys        tokenv1.ApiKeyServiceClient
	envoy       authv3.AuthorizationClient
	revocations tokenv1.RevocationServiceClient
}

func newBench(t *testing.T, config token.Config) bench {
	t.Helper()
	db := database(t)
	return newReplica(t, config, db)
}

// newReplica is one process of the service on a database that others may share.
func newReplica(t *testing.T, config token.Config, db *sqldb.DB) bench {
	t.Helper()
	return newReplicaWith(t, config, db, catalog.Default())
}

func newReplicaWith(t *testing.T, config token.Config, db *sqldb.DB, declared *catalog.Catalog) bench {
	t.Helper()
	b := bench{authz: &authorizations{}, directory: newDirectory(), db: db, network: inproc.NewNetwork(), metrics: telemetry.New()}
	inproctest.Serve(t, b.network, rpcserver.Options{Name: "authz"}, func(r grpc.ServiceRegistrar) {
		authzv1.RegisterClientServiceServer(r, b.authz)
		authzv1.RegisterCodeServiceServer(r, b.authz)
		authzv1.RegisterAdministrationServiceServer(r, b.authz)
	})
	inproctest.Serve(t, b.network, rpcserver.Options{Name: "identity"}, func(r grpc.ServiceRegistrar) {
		identityv1.RegisterDirectoryServiceServer(r, b.directory)
	})
	var err error
	b.service, err = token.New(t.Context(), config, token.Deps{
		Logger: slog.New(slog.DiscardHandler), DB: b.db, Authz: b.dial(t, "token", "authz"), Identity: b.dial(t, "token", "identity"),
		Catalog: catalog.Fixed(declared.At("https://api.vidocu.ai")), Issuer: "https://vidocu.ai", Metrics: b.metrics,
	})
	if err != nil {
		t.Fatal(err)
	}
	inproctest.Serve(t, b.network, rpcserver.Options{Name: "token", ResourceServers: []string{"videos", "video-mcp"}}, b.service.Register)
	run(t, b.service)
	b.oauth = tokenv1.NewOAuthServiceClient(b.dial(t, "gateway", "token"))
	b.grants = tokenv1.NewGrantServiceClient(b.dial(t, "consent", "token"))
	server := b.dial(t, "videos", "token")
	b.introspect, b.access = tokenv1.NewIntrospectionServiceClient(server), tokenv1.NewAccessServiceClient(server)
	b.envoy = authv3.NewAuthorizationClient(server)
	b.keys = tokenv1.NewApiKeyServiceClient(b.dial(t, "operator", "token"))
	b.revocations = tokenv1.NewRevocationServiceClient(server)
	// The consent page of every code has read the epoch of the user-client.
	if _, err := b.grants.GetPairEpoch(t.Context(), &tokenv1.GetPairEpochRequest{UserId: "usr_john", ClientId: "app"}); err != nil {
		t.Fatal(err)
	}
	return b
}

func database(t *testing.T) *sqldb.DB {
	t.Helper()
	return sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.SQLite, token.Migrations()))})
}

// run does the service's background work until the test ends.
func run(t *testing.T, service *token.Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// dial connects as a caller until the test ends.
func (b bench) dial(t *testing.T, caller, service string) *grpc.ClientConn {
	t.Helper()
	return inproctest.Dial(t, b.network, caller, service, rpcclient.Options()...)
}

// redeem exchanges a code.
func (b bench) redeem(ctx context.Context, code string) (*tokenv1.IssueTokenResponse, error) {
	return b.oauth.IssueToken(ctx, &tokenv1.IssueTokenRequest{
		GrantType: "authorization_code", Code: code, RedirectUri: callback, CodeVerifier: verifier,
		ClientId: "app", ClientSecret: "secret",
	})
}

func (b bench) mustRedeem(t *testing.T, code string) *tokenv1.IssueTokenResponse {
	t.Helper()
	pair, err := b.redeem(t.Context(), code)
	if err != nil {
		t.Fatalf("redeeming a code: %v", err)
	}
	return pair
}

func (b bench) refresh(ctx context.Context, token string) (*tokenv1.IssueTokenResponse, error) {
	return b.oauth.IssueToken(ctx, &tokenv1.IssueTokenRequest{
		GrantType: "refresh_token", RefreshToken: token, ClientId: "app", ClientSecret: "secret",
	})
}

func (b bench) mustRefresh(t *testing.T, token string) *tokenv1.IssueTokenResponse {
	t.Helper()
	pair, err := b.refresh(t.Context(), token)
	if err != nil {
		t.Fatalf("refreshing: %v", err)
	}
	return pair
}

// active reports whether introspection by a resource server returns active for an access token.
func (b bench) active(t *testing.T, access string) bool {
	t.Helper()
	res, err := b.introspect.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: access})
	if err != nil {
		t.Fatalf("IntrospectToken: %v", err)
	}
	return res.GetActive()
}
