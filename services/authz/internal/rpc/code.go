package rpc

import (
	"context"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/code"
)

// Codes tells token what a code stands for.
type Codes struct {
	authzv1.UnsafeCodeServiceServer

	Codes *code.Book
}

// ResolveCode reads a code's facts; it changes nothing.
func (s *Codes) ResolveCode(ctx context.Context, req *authzv1.ResolveCodeRequest) (*authzv1.ResolveCodeResponse, error) {
	facts, err := s.Codes.Resolve(ctx, secret.New(req.GetCode()))
	if err != nil {
		return nil, fail(err)
	}
	return &authzv1.ResolveCodeResponse{
		ClientId: facts.ClientID, RedirectUri: facts.RedirectURI, CodeChallenge: facts.CodeChallenge,
		UserId: facts.UserID, DisplayName: facts.DisplayName, WorkspaceId: facts.WorkspaceID,
		Scopes: facts.Scope, Epoch: facts.Epoch,
	}, nil
}
