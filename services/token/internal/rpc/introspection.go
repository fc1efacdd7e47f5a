package rpc

import (
	"context"
	"errors"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// Introspection serves internal services.
type Introspection struct {
	tokenv1.UnimplementedIntrospectionServiceServer

	Introspector introspect.Introspector
	Issuer       string
}

// IntrospectToken says whether a token is live and what it stands for. A missing token is INVALID_REQUEST.
func (s *Introspection) IntrospectToken(
	ctx context.Context, req *tokenv1.IntrospectTokenRequest,
) (*tokenv1.IntrospectTokenResponse, error) {
	if req.GetToken() == "" {
		return nil, invalid("token", "is required")
	}
	facts, err := s.Introspector.Access(ctx, req.GetToken())
	if errors.Is(err, introspect.ErrInactive) {
		return &tokenv1.IntrospectTokenResponse{}, nil
	}
	if err != nil {
		return nil, fail(err)
	}
	return &tokenv1.IntrospectTokenResponse{
		Active:      true,
		Scope:       facts.Scope,
		ClientId:    facts.ClientID,
		Sub:         facts.UserID,
		Username:    facts.DisplayName,
		TokenType:   "Bearer",
		Exp:         facts.ExpiresAt.Unix(),
		Iat:         facts.IssuedAt.Unix(),
		Iss:         s.Issuer,
		WorkspaceId: facts.WorkspaceID,
		Kind:        tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN,
	}, nil
}
