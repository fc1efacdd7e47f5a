package rpc

import (
	"context"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/revocation"
)

// Registrations is RegistrationService.
type Registrations struct {
	tokenv1.UnsafeRegistrationServiceServer

	Revoker       revocation.Revoker
	Registrations revocation.Registrations
}

// DeleteRegistration deletes a registration. authz validates the token.
func (s *Registrations) DeleteRegistration(
	ctx context.Context, req *tokenv1.DeleteRegistrationRequest,
) (*tokenv1.DeleteRegistrationResponse, error) {
	err := s.Revoker.DeleteRegistration(ctx, s.Registrations, req.GetClientId(), secret.New(req.GetRegistrationAccessToken()))
	return &tokenv1.DeleteRegistrationResponse{}, toStatus(err)
}
