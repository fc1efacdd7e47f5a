package rpc_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// introspectionRequest is the request of a client that authenticates as id.
func introspectionRequest(id, token string) *tokenv1.IntrospectClientTokenRequest {
	return &tokenv1.IntrospectClientTokenRequest{Token: token, ClientId: id, ClientSecret: "secret"}
}

func TestRFC7662_2_2_ALiveTokenIsToldInFull(t *testing.T) {
	want := &tokenv1.IntrospectClientTokenResponse{
		Active: proto.Bool(true), Scope: "videos:read analyze:write", ClientId: "app", Sub: "usr_john", Username: "usr_john", Name: "John Doe",
		TokenType: "Bearer", Exp: 1_777_777_777 + 3600, Iat: 1_777_777_777, Iss: issuer, WorkspaceId: "ws_acme",
		TokenKind: "user",
	}
	b := newBench()
	got, err := b.IntrospectClientToken(t.Context(), introspectionRequest("app", secret.Generate(secret.AccessToken).Reveal()))
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("access token: %v (-want +got):\n%s", err, diff)
	}
	want.TokenType = ""
	got, err = b.IntrospectClientToken(t.Context(), introspectionRequest("app", secret.Generate(secret.RefreshToken).Reveal()))
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("refresh token: %v (-want +got):\n%s", err, diff)
	}
}

// TestFault_B11_TheUsernameIsTheSubject: resource servers know users by it, and two users may have
// one display name.
func TestFault_B11_TheUsernameIsTheSubject(t *testing.T) {
	b := newBench()
	server := &rpc.Introspection{Introspector: b.Introspector, Issuer: issuer}
	token := secret.Generate(secret.AccessToken).Reveal()
	one, err := server.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: token})
	if err != nil || one.GetUsername() != one.GetSub() || one.GetSub() == "" || one.GetName() != "John Doe" {
		t.Errorf("IntrospectToken: %v, %v", one, err)
	}
	encoded, err := server.BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{Tokens: []string{token}})
	if err != nil {
		t.Fatal(err)
	}
	many := overTheWire(t, encoded)
	if got := many.GetAnswers(); len(got) != 1 || got[0].GetUsername() != one.GetSub() || got[0].GetName() != "John Doe" {
		t.Errorf("BatchIntrospectTokens: %v", many)
	}
	b.authz.client.ResourceServer = true
	over, err := b.IntrospectClientToken(t.Context(), introspectionRequest("other", token))
	if err != nil || over.GetUsername() != one.GetSub() || over.GetSub() != one.GetSub() || over.GetName() != "John Doe" {
		t.Errorf("over HTTP: %v, %v", over, err)
	}
}

// overTheWire is a response as its caller gets it.
func overTheWire(t *testing.T, sent *tokenv1.BatchIntrospectTokensResponse) *tokenv1.BatchIntrospectTokensResponse {
	t.Helper()
	raw, err := proto.Marshal(sent)
	got := &tokenv1.BatchIntrospectTokensResponse{}
	if err == nil {
		err = proto.Unmarshal(raw, got)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestWireContract4_3_WhatMayNotBeSeenIsExactlyInactive: the response is the same as for an unknown
// token.
func TestWireContract4_3_WhatMayNotBeSeenIsExactlyInactive(t *testing.T) {
	want := &tokenv1.IntrospectClientTokenResponse{Active: proto.Bool(false)}
	access, refresh := secret.Generate(secret.AccessToken).Reveal(), secret.Generate(secret.RefreshToken).Reveal()
	for name, row := range map[string]struct {
		token  string
		server bool
		down   error
	}{
		"another's access token":                       {token: access},
		"another's refresh token":                      {token: refresh},
		"another's refresh token to a resource server": {token: refresh, server: true},
		"an API key":                                   {token: secret.Generate(secret.APIKey).Reveal(), server: true},
		"nonsense":                                     {token: "nonsense", server: true},
		"a dead token":                                 {token: access, server: true, down: introspect.ErrInactive},
		"a spent token":                                {token: refresh, down: introspect.ErrInactive},
	} {
		b := newBench()
		b.authz.client.ResourceServer, b.tokens.down = row.server, row.down
		got, err := b.IntrospectClientToken(t.Context(), introspectionRequest("other", row.token))
		if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	b := newBench()
	b.authz.client.ResourceServer = true
	if got, err := b.IntrospectClientToken(t.Context(), introspectionRequest("other", access)); err != nil || !got.GetActive() {
		t.Errorf("a resource server asks about another's access token: %v, %v", got.GetActive(), err)
	}
}

func TestAPublicClientMayNotIntrospect(t *testing.T) {
	b := newBench()
	b.authz.client.Type = authzv1.ClientType_CLIENT_TYPE_PUBLIC
	_, err := b.IntrospectClientToken(t.Context(), introspectionRequest("app", secret.Generate(secret.AccessToken).Reveal()))
	failsAs(t, err, errorv1.Reason_REASON_INVALID_CLIENT, "client_secret")
}

func TestServicesLearnTheKindAndTheFacts(t *testing.T) {
	b := newBench()
	server := &rpc.Introspection{Introspector: b.Introspector, Issuer: issuer}
	got, err := server.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: secret.Generate(secret.AccessToken).Reveal()})
	want := &tokenv1.IntrospectTokenResponse{
		Active: true, Scope: "videos:read analyze:write", ClientId: "app", Sub: "usr_john", Username: "usr_john", Name: "John Doe",
		TokenType: "Bearer", Exp: 1_777_777_777 + 3600, Iat: 1_777_777_777, Iss: issuer, WorkspaceId: "ws_acme",
		Kind: tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, TokenKind: "user",
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("IntrospectToken: %v (-want +got):\n%s", err, diff)
	}
	_, err = server.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{})
	failsAs(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "token")
}

func TestADeadTokenIsAnAnswerAndNothingElse(t *testing.T) {
	b := newBench()
	b.tokens.down = introspect.ErrInactive
	server := &rpc.Introspection{Introspector: b.Introspector, Issuer: issuer}
	for _, token := range []string{
		"nonsense", secret.Generate(secret.AccessToken).Reveal(), secret.Generate(secret.RefreshToken).Reveal(),
	} {
		got, err := server.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: token})
		if err != nil || !proto.Equal(got, &tokenv1.IntrospectTokenResponse{}) {
			t.Errorf("IntrospectToken: %v, %v: want the empty answer", got, err)
		}
	}
}

func TestAnOutageIsNeverAnInactiveToken(t *testing.T) {
	b := newBench()
	b.tokens.down = fmt.Errorf("reading a token: %w", sqldb.ErrUnavailable)
	server := &rpc.Introspection{Introspector: b.Introspector}
	_, err := server.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: secret.Generate(secret.AccessToken).Reveal()})
	failsAs(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
	for _, kind := range []secret.Kind{secret.AccessToken, secret.RefreshToken} {
		_, err := b.IntrospectClientToken(t.Context(), introspectionRequest("app", secret.Generate(kind).Reveal()))
		failsAs(t, err, errorv1.Reason_REASON_UNAVAILABLE, "")
	}
}
