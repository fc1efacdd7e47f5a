package rpc

import (
	"context"
	"log/slog"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/services/identity/internal/attempt"
	"github.com/vidocu/usher/services/identity/internal/credential"
)

// Credentials serves the token service, whose user API authenticates users, and which changes
// passwords.
type Credentials struct {
	identityv1.UnsafeCredentialServiceServer

	Verifier credential.Verifier
	Changer  credential.Changer
	Logger   *slog.Logger
	// SignIns counts sign-ins; nil counts none.
	SignIns *telemetry.SignIns
}

// VerifyPassword verifies a password. It returns INVALID_REQUEST for an empty field,
// INVALID_CREDENTIALS, RATE_LIMITED or UNAVAILABLE.
func (s *Credentials) VerifyPassword(
	ctx context.Context, req *identityv1.VerifyPasswordRequest,
) (res *identityv1.VerifyPasswordResponse, err error) {
	defer func() { s.SignIns.Count(telemetry.MethodPassword, err != nil, oerr.Reason(err)) }()
	if err := required([2]string{"email_address", req.GetEmailAddress()}, [2]string{"password", req.GetPassword()}); err != nil {
		return nil, err
	}
	try := attempt.Try{Typed: req.GetEmailAddress(), Source: req.GetSourceAddress()}
	user, err := s.Verifier.VerifyPassword(ctx, try, secret.New(req.GetPassword()))
	if err != nil {
		return nil, toStatus(err)
	}
	return &identityv1.VerifyPasswordResponse{User: toUser(user)}, nil
}

// VerifyClientSecret verifies an authentication app's secret. Its errors are those of
// VerifyPassword.
func (s *Credentials) VerifyClientSecret(
	ctx context.Context, req *identityv1.VerifyClientSecretRequest,
) (res *identityv1.VerifyClientSecretResponse, err error) {
	defer func() { s.SignIns.Count(telemetry.MethodClientSecret, err != nil, oerr.Reason(err)) }()
	err = required([2]string{"email_address", req.GetEmailAddress()}, [2]string{"client_secret", req.GetClientSecret()})
	if err != nil {
		return nil, err
	}
	try := attempt.Try{Typed: req.GetEmailAddress(), Source: req.GetSourceAddress()}
	voucher, err := s.Verifier.VerifyClientSecret(ctx, try, secret.New(req.GetClientSecret()))
	if err != nil {
		return nil, toStatus(err)
	}
	return &identityv1.VerifyClientSecretResponse{
		User: toUser(voucher.User), AuthenticationAppId: voucher.AppID, WorkspaceId: voucher.WorkspaceID,
	}, nil
}
