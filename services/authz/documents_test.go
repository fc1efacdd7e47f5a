package authz_test

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// documentBench is the service with a host of documents on this machine.
type documentBench struct {
	clock   *authztest.Clock
	clients authzv1.ClientServiceClient
	url     string
}

// newDocumentBench serves a document with these members, and keys at /jwks.
func newDocumentBench(t *testing.T, keys string, members map[string]any) documentBench {
	t.Helper()
	b := documentBench{clock: authztest.NewClock()}
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/jwks" {
			_, _ = w.Write([]byte(keys))
			return
		}
		_ = json.NewEncoder(w).Encode(members)
	}))
	t.Cleanup(host.Close)
	b.url = host.URL + "/client.json"
	members["client_id"], members["client_name"], members["redirect_uris"] = b.url, "ChatGPT", []string{"http://127.0.0.1/cb"}
	if members["jwks_uri"] != nil {
		members["jwks_uri"] = host.URL + "/jwks"
	}
	network := inproc.NewNetwork()
	serve(t, network, "identity", func(r grpc.ServiceRegistrar) { identityv1.RegisterSessionServiceServer(r, &identity{}) })
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.SQLite(t))})
	migrate(t, db)
	service, err := authz.New(authz.DefaultConfig(), authz.Deps{
		Logger: slog.New(slog.DiscardHandler), DB: db, Catalog: catalog.Fixed(catalog.Default()), Issuer: publicURL, Now: b.clock.Now,
		ShortLived: shortlived.NewMemory(shortlived.MemoryOptions{Now: b.clock.Now}), Identity: dial(t, network, "authz", "identity"),
		ClientDocuments: run.ClientDocuments{Mode: run.DocumentsOpen}, Development: true, Fetcher: fetch.New(fetch.Options{Loopback: true}),
	})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, network, "authz", service.Register)
	b.clients = authzv1.NewClientServiceClient(dial(t, network, "token", "authz"))
	return b
}

// assert authenticates by an assertion of the key.
func (b documentBench) assert(t *testing.T, key josetest.Signer) error {
	t.Helper()
	now := b.clock.Now().Unix()
	text := key.Sign(t, nil, map[string]any{"iss": b.url, "sub": b.url, "aud": publicURL, "iat": now, "exp": now + 60, "jti": rand.Text()})
	res, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
		Assertion: &authzv1.ClientAssertion{ClientAssertion: text, ClientId: b.url},
	})
	if err == nil && (res.GetClient().GetClientId() != b.url || res.GetClient().GetType() != authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL) {
		t.Errorf("the client is %v", res.GetClient())
	}
	return err
}

// TestMCPFailure_8_ADocumentWithKeysAuthenticatesByThem: as ChatGPT's, with both methods on offer. The
// keys are in the document or at its jwks_uri, and required then.
func TestMCPFailure_8_ADocumentWithKeysAuthenticatesByThem(t *testing.T) {
	key, other := josetest.New(t, "RS256", "first"), josetest.New(t, "RS256", "first")
	for what, members := range map[string]map[string]any{
		"jwks_uri": {
			"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_methods_supported": []string{"none", "private_key_jwt"},
			"token_endpoint_auth_signing_alg": "RS256", "jwks_uri": "here",
		},
		"jwks": {"token_endpoint_auth_method": "private_key_jwt", "jwks": json.RawMessage(josetest.Set(key))},
	} {
		b := newDocumentBench(t, josetest.Set(key), members)
		wantAccepted(t, what, b.assert(t, key))
		wantCause(t, what+", another key", b.assert(t, other), errorv1.Cause_CAUSE_ASSERTION_SIGNATURE)
		_, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
			Credentials: []*authzv1.ClientCredentials{{ClientId: b.url}},
		})
		wantCause(t, what+", no assertion", err, errorv1.Cause_CAUSE_ASSERTION_MISSING)
	}
	b := newDocumentBench(t, "", map[string]any{"token_endpoint_auth_method": "none"})
	wantCause(t, "an assertion of a public client", b.assert(t, key), errorv1.Cause_CAUSE_ASSERTION_UNEXPECTED)
}
