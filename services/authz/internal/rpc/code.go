package rpc

import (
	"context"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/code"
)

// Codes resolves authorization codes for the token service.
type Codes struct {
	authzv1.UnsafeCodeServiceServer

	Codes *code.Store
}

// ResolveCode returns the value of a code; it changes nothing.
func (s *Codes) ResolveCode(ctx context.Context, req *authzv1.ResolveCodeRequest) (*authzv1.ResolveCodeResponse, error) {
	approved, err := s.Codes.Resolve(ctx, secret.New(req.GetCode()))
	if err != nil {
		return nil, toStatus(err)
	}
	return convert.CodeToProto(approved), nil
}
