package authz_test

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/fetch"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// documentBench is the service with a host of documents on this machine.
type documentBench struct {
	clock   *authztest.Clock
	clients authzv1.ClientServiceClient
	// described are the clients as the consent service reads them.
	described authzv1.ClientServiceClient
	url       string
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
	network := serveDocuments(t, b.clock)
	b.clients = authzv1.NewClientServiceClient(dial(t, network, "token", "authz"))
	b.described = authzv1.NewClientServiceClient(dial(t, network, "consent", "authz"))
	return b
}

// serveDocuments serves the service, which accepts documents of any host, with these hosts listed.
func serveDocuments(t *testing.T, clock *authztest.Clock, listed ...string) *inproc.Network {
	t.Helper()
	network := inproc.NewNetwork()
	serve(t, network, "identity", func(r grpc.ServiceRegistrar) { identityv1.RegisterSessionServiceServer(r, &identity{}) })
	service, err := authz.New(authz.DefaultConfig(), authz.Deps{
		Logger: slog.New(slog.DiscardHandler), DB: database(t), Catalog: catalog.Fixed(catalog.Default()), Issuer: publicURL, Now: clock.Now,
		ShortLived: shortlived.NewMemory(shortlived.MemoryOptions{Now: clock.Now}), Identity: dial(t, network, "authz", "identity"),
		ClientDocuments: run.ClientDocuments{Mode: run.DocumentsOpen, Hosts: listed}, Development: true, Fetcher: fetch.New(fetch.Options{Loopback: true}),
	})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, network, "authz", service.Register)
	return network
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

// TestN5_8_AChangedDocumentAppliesAtOnce: the keys and the method of the document are those that the
// refresh tokens of the client need from then on.
func TestN5_8_AChangedDocumentAppliesAtOnce(t *testing.T) {
	first, second := josetest.New(t, "RS256", "first"), josetest.New(t, "RS256", "second")
	members := map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": json.RawMessage(josetest.Set(first))}
	b := newDocumentBench(t, "", members)
	wantAccepted(t, "the first key", b.assert(t, first))
	members["jwks"] = json.RawMessage(josetest.Set(second))
	b.clock.Advance(time.Hour)
	wantAccepted(t, "the new key", b.assert(t, second))
	wantCause(t, "the first key, after the change", b.assert(t, first), errorv1.Cause_CAUSE_ASSERTION_KEY_UNKNOWN)

	members["token_endpoint_auth_method"] = "none"
	delete(members, "jwks")
	b.clock.Advance(time.Hour)
	public := &authzv1.AuthenticateClientRequest{Credentials: []*authzv1.ClientCredentials{{ClientId: b.url}}}
	res, err := b.clients.AuthenticateClient(t.Context(), public)
	if err != nil || res.GetClient().GetType() != authzv1.ClientType_CLIENT_TYPE_PUBLIC {
		t.Errorf("after the change to none: %v, %v", res.GetClient(), err)
	}
	members["token_endpoint_auth_method"], members["jwks"] = "private_key_jwt", json.RawMessage(josetest.Set(second))
	b.clock.Advance(time.Hour)
	_, err = b.clients.AuthenticateClient(t.Context(), public)
	wantCause(t, "no assertion, after the change from none", err, errorv1.Cause_CAUSE_ASSERTION_MISSING)
}

// TestN5_8_TheDigestIsThatOfWhatTheDocumentSays, and not of its spelling or of its keys.
func TestN5_8_TheDigestIsThatOfWhatTheDocumentSays(t *testing.T) {
	members := map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": json.RawMessage(josetest.Set(josetest.New(t, "RS256", "first")))}
	b := newDocumentBench(t, "", members)
	read := func() string {
		t.Helper()
		b.clock.Advance(time.Hour)
		_ = b.assert(t, josetest.New(t, "RS256", "other")) // requests the document
		res, err := b.described.BatchGetClients(t.Context(), &authzv1.BatchGetClientsRequest{ClientIds: []string{b.url}})
		if err != nil || len(res.GetClients()) != 1 {
			t.Fatalf("%v, %v", res, err)
		}
		return res.GetClients()[0].GetDescriptionDigest()
	}
	was := read()
	members["jwks"], members["unknown_member"] = json.RawMessage(josetest.Set(josetest.New(t, "RS256", "second"))), "x"
	if now := read(); now != was || now == "" {
		t.Errorf("digest %q, and %q before anything changed that users approve", now, was)
	}
	for _, c := range []struct {
		member string
		value  any
		want   oauth.DescriptionChange
	}{
		{"client_name", "Chat", oauth.NameChanged},
		{"redirect_uris", []string{"http://127.0.0.1/cb", "http://localhost/cb"}, oauth.HostsChanged},
		{"grant_types", []string{"authorization_code"}, oauth.OtherChanged},
		{"token_endpoint_auth_signing_alg", "RS256", oauth.OtherChanged},
	} {
		members[c.member] = c.value
		now := read()
		if got := oauth.DescriptionChanges(was, now); len(got) != 1 || got[0] != c.want {
			t.Errorf("another %s: changes %v, want %v", c.member, got, c.want)
		}
		was = now
	}
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
		"a choice beside none": {
			"token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": []string{"none", "private_key_jwt"}, "jwks_uri": "here",
		},
		"a choice alone": {"token_endpoint_auth_methods_supported": []string{"private_key_jwt", "none"}, "jwks_uri": "here"},
		"jwks":           {"token_endpoint_auth_method": "private_key_jwt", "jwks": json.RawMessage(josetest.Set(key))},
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
