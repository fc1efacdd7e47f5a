package rpc_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/granttest"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/rpc"
	"github.com/vidocu/usher/services/token/internal/seal"
)

const (
	theCode  = "SplxlOBeZQQYbYS6WxSbIA"
	callback = "https://yourapp.com/callback"
	issuer   = "https://vidocu.ai"
)

// authz is a fake of the authorization service: any client whose secret is "secret", and one code.
type authz struct {
	authzv1.ClientServiceClient
	authzv1.CodeServiceClient

	// client is the authenticated client without its identifier.
	client   authzv1.Client
	down     error
	requests []*authzv1.AuthenticateClientRequest
}

func (a *authz) AuthenticateClient(
	_ context.Context, req *authzv1.AuthenticateClientRequest, _ ...grpc.CallOption,
) (*authzv1.AuthenticateClientResponse, error) {
	a.requests = append(a.requests, proto.CloneOf(req))
	if a.down != nil {
		return nil, a.down
	}
	for _, c := range req.GetCredentials() {
		if c.GetClientSecret() == "secret" {
			client := proto.CloneOf(&a.client)
			client.ClientId = c.GetClientId()
			return &authzv1.AuthenticateClientResponse{Client: client}, nil
		}
	}
	return nil, oerr.New(errorv1.Reason_REASON_INVALID_CLIENT, "invalid client credentials")
}

func (a *authz) ResolveCode(
	_ context.Context, req *authzv1.ResolveCodeRequest, _ ...grpc.CallOption,
) (*authzv1.ResolveCodeResponse, error) {
	if req.GetCode() != theCode {
		return nil, oerr.New(errorv1.Reason_REASON_INVALID_CODE, "unknown")
	}
	return &authzv1.ResolveCodeResponse{
		ClientId: "app", RedirectUri: callback, UserId: "usr_john", DisplayName: "John Doe", WorkspaceId: "ws_acme",
		Scopes: []string{"videos:read", "analyze:write"}, Epoch: 3,
	}, nil
}

// revokedFamily is one call of the store's revocation.
type revokedFamily struct {
	Kind       string
	Token      secret.Hash
	OnlyClient string
}

// tokens are the rest of the store: the tokens that introspection reads and revocation revokes.
type tokens struct {
	facts       introspect.Facts
	down        error
	revocations []revokedFamily
}

func (s *tokens) FindAccess(context.Context, secret.Hash) (introspect.Facts, error) {
	return s.facts, s.down
}

func (s *tokens) FindManyAccess(_ context.Context, tokens []secret.Hash) (map[secret.Hash]introspect.Facts, error) {
	found := make(map[secret.Hash]introspect.Facts)
	if errors.Is(s.down, introspect.ErrInactive) {
		return found, nil
	}
	for _, token := range tokens {
		found[token] = s.facts
	}
	return found, s.down
}

func (s *tokens) FindRefresh(context.Context, secret.Hash) (introspect.Facts, error) {
	return s.facts, s.down
}

func (*tokens) Used([]byte) {}

func (s *tokens) RevokeAccess(_ context.Context, token secret.Hash, onlyClient string) (bool, error) {
	s.revocations = append(s.revocations, revokedFamily{"access", token, onlyClient})
	return false, s.down
}

func (s *tokens) RevokeRefresh(_ context.Context, token secret.Hash, onlyClient string) (bool, error) {
	s.revocations = append(s.revocations, revokedFamily{"refresh", token, onlyClient})
	return false, s.down
}

// bench is the three OAuth endpoints over fakes.
type bench struct {
	*rpc.OAuth
	authz  *authz
	store  *granttest.Store
	tokens *tokens
}

func newBench() bench {
	a := &authz{client: authzv1.Client{
		Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, GrantTypes: []string{"authorization_code", "refresh_token"},
	}}
	issued := time.Unix(1_777_777_777, 0)
	b := bench{authz: a, store: granttest.NewStore(granttest.NewJournal()), tokens: &tokens{facts: introspect.Facts{
		UserID: "usr_john", ClientID: "app", WorkspaceID: "ws_acme", DisplayName: "John Doe", Scope: "videos:read analyze:write",
		IssuedAt: issued, ExpiresAt: issued.Add(time.Hour),
	}}}
	b.store.Epoch = 3
	clients := rpc.Authz{Clients: a, Codes: a}
	l := grant.Lifetimes{Access: time.Hour, Refresh: 24 * time.Hour, Family: 48 * time.Hour}
	b.OAuth = &rpc.OAuth{
		Endpoint: grant.NewEndpoint(clients,
			grant.AuthorizationCode{Codes: clients, Store: b.store, Lifetimes: l},
			grant.RefreshToken{Store: b.store, Sealer: seal.Sealer{}, Lifetimes: l}),
		Authz: clients, Revoker: b.tokens, Issuer: issuer,
		Introspector: introspect.Introspector{Store: b.tokens, Uses: b.tokens},
	}
	return b
}

// redemption is a valid token request for the code, without client credentials, which change may
// make invalid.
func redemption(changes ...func(*tokenv1.IssueTokenRequest)) *tokenv1.IssueTokenRequest {
	req := &tokenv1.IssueTokenRequest{
		GrantType: "authorization_code", Code: theCode, RedirectUri: callback, ClientId: "app", ClientSecret: "secret",
	}
	for _, change := range changes {
		change(req)
	}
	return req
}

// sent is how a client proves itself: in the body and by headers.
type sent struct {
	id, secret, assertion, kind string
	headers                     []string
}

func (s sent) context(ctx context.Context) context.Context {
	md := metadata.MD{}
	md.Append("authorization", s.headers...)
	return metadata.NewIncomingContext(ctx, md)
}

// everywhere sends the same credentials to each endpoint and returns the error of each.
func (b bench) everywhere(ctx context.Context, s sent) map[string]error {
	ctx = s.context(ctx)
	_, issue := b.IssueToken(ctx, redemption(func(r *tokenv1.IssueTokenRequest) {
		r.ClientId, r.ClientSecret, r.ClientAssertion, r.ClientAssertionType = s.id, s.secret, s.assertion, s.kind
	}))
	_, revoke := b.RevokeToken(ctx, &tokenv1.RevokeTokenRequest{
		Token: "some", ClientId: s.id, ClientSecret: s.secret, ClientAssertion: s.assertion, ClientAssertionType: s.kind,
	})
	_, introspection := b.IntrospectClientToken(ctx, &tokenv1.IntrospectClientTokenRequest{
		Token: "some", ClientId: s.id, ClientSecret: s.secret, ClientAssertion: s.assertion, ClientAssertionType: s.kind,
	})
	return map[string]error{"issue": issue, "revoke": revoke, "introspect": introspection}
}

func basic(userinfo string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(userinfo))
}

// failsAs expects an error of this reason and field, whose text repeats nothing of the request.
func failsAs(t *testing.T, err error, reason errorv1.Reason, field string, sent ...string) {
	t.Helper()
	if got := oerr.Reason(err); err == nil || got != reason {
		t.Errorf("%v (%s), want %s", err, got, reason)
	}
	if got := oerr.Field(err); got != field {
		t.Errorf("%v: about the field %q, want %q", err, got, field)
	}
	for _, text := range sent {
		if err != nil && strings.Contains(err.Error(), text) {
			t.Errorf("%v: repeats what was sent", err)
		}
	}
}

var errBroken = errors.New("column families.x does not exist")
