package rpc

import (
	"context"
	"errors"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// Introspection serves internal services.
type Introspection struct {
	tokenv1.UnsafeIntrospectionServiceServer

	Introspector introspect.Introspector
	Issuer       string
}

// maxBatch is the maximum number of tokens in one call.
const maxBatch = 1000

// tokenType is the token_type of a token that is not bound to a key (RFC 6750).
const tokenType = "Bearer"

// The values of token_kind, in the responses over gRPC and over HTTP.
const (
	kindUser    = "user"
	kindService = "service"
	kindAPIKey  = "api_key"
	kindUserAPI = "user_api"
)

// tokenKindOf returns for whom a token acts.
func tokenKindOf(kind enforce.Kind) string {
	switch kind {
	case enforce.ServiceToken:
		return kindService
	case enforce.APIKey, enforce.RestrictedAPIKey:
		return kindAPIKey
	case enforce.UserToken:
		return kindUserAPI
	case enforce.AccessToken, enforce.RefreshToken:
	}
	return kindUser
}

// IntrospectToken returns whether a token is active, and its facts. A missing token is
// INVALID_REQUEST.
func (s *Introspection) IntrospectToken(
	ctx context.Context, req *tokenv1.IntrospectTokenRequest,
) (*tokenv1.IntrospectTokenResponse, error) {
	if req.GetToken() == "" {
		return nil, invalid("token", "is required")
	}
	introspector := located(ForCaller(ctx, s.Introspector), req.GetChecksAddresses(), req.GetSourceAddress())
	facts, err := introspector.Bearer(ctx, req.GetToken(), req.GetMinCursor())
	if errors.Is(err, introspect.ErrInactive) {
		return &tokenv1.IntrospectTokenResponse{}, nil
	}
	if err != nil {
		return nil, toStatus(err)
	}
	res := new(tokenv1.IntrospectTokenResponse)
	s.fillResponse(res, &facts)
	return res, nil
}

// located returns the introspector for tokens that were used at these addresses, or for a caller that
// compares addresses by itself.
func located(i introspect.Introspector, checked bool, sources ...string) introspect.Introspector {
	if checked {
		return i.Unlocated()
	}
	return i.From(sources...)
}

// BatchIntrospectTokens returns a response for each token, in the order of the request; an empty
// token is inactive.
func (s *Introspection) BatchIntrospectTokens(
	ctx context.Context, req *tokenv1.BatchIntrospectTokensRequest,
) (*tokenv1.BatchIntrospectTokensResponse, error) {
	tokens := req.GetTokens()
	if len(tokens) == 0 || len(tokens) > maxBatch {
		return nil, invalid("tokens", "must be 1 to 1,000")
	}
	if n := len(req.GetSourceAddresses()); n > 0 && n != len(tokens) {
		return nil, invalid("source_addresses", "must be one for each token, or none")
	}
	encoder := newBatchEncoder(len(tokens))
	if s.Introspector.Resources != nil {
		encoder.audience = s.Introspector.Resources.DefaultResource()
	}
	introspector := located(ForCaller(ctx, s.Introspector), req.GetChecksAddresses(), req.GetSourceAddresses()...)
	err := introspector.Bearers(ctx, tokens, req.GetMinCursor(), func(facts *introspect.Facts) {
		var res tokenv1.IntrospectTokenResponse
		if facts.Kind != 0 {
			s.fillResponse(&res, facts)
		}
		encoder.add(&res)
	})
	if err != nil {
		return nil, toStatus(err)
	}
	return encoder.response(s.Issuer), nil
}

// ForCaller returns the introspector as the caller of an RPC may use it: a resource server sees the
// tokens for its resources. The gateway checks the resource of each request itself, and in
// development every local caller is the same one.
func ForCaller(ctx context.Context, introspector introspect.Introspector) introspect.Introspector {
	server, _ := policy.CallerFrom(ctx)
	if server == policy.Gateway || server == policy.Local {
		return introspector
	}
	return introspector.For(server)
}

// fillResponse sets the fields of an active token.
func (s *Introspection) fillResponse(res *tokenv1.IntrospectTokenResponse, facts *introspect.Facts) {
	res.Active = true
	res.Scope = facts.Scope
	res.ClientId = facts.ClientID
	res.Sub = facts.UserID
	res.Name = facts.DisplayName
	res.TokenType = typeOfToken(facts.Thumbprint)
	res.Cnf = confirmation(facts.Thumbprint)
	res.Iat = facts.IssuedAt.Unix()
	res.Iss = s.Issuer
	res.WorkspaceId = facts.WorkspaceID
	res.Kind = tokenKind(facts.Kind)
	res.TokenKind = tokenKindOf(facts.Kind)
	res.Plan = facts.Plan
	res.GrantId = facts.Family
	res.Aud = facts.Resources
	if facts.Kind.IsAPIKey() {
		res.Sub = facts.KeyID
		res.AllowedAddresses = facts.Addresses.Strings()
	}
	res.Username = res.GetSub()
	if !facts.ExpiresAt.IsZero() {
		res.Exp = facts.ExpiresAt.Unix()
	}
	if facts.Left > 0 {
		// 0 means a token that does not expire, so the last millisecond of a token is rounded up to
		// 1.
		res.ExpiresInMs = max(int64(facts.Left/time.Millisecond), 1)
	}
}
