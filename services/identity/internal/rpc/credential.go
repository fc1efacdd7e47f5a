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
	user, err := verify(ctx, req, [2]string{"password", req.GetPassword()}, s.Verifier.VerifyPassword)
	if err != nil {
		return nil, err
	}
	return &identityv1.VerifyPasswordResponse{User: toUser(user)}, nil
}

// VerifyClientSecret verifies an authentication app's secret. Its errors are those of
// VerifyPassword.
func (s *Credentials) VerifyClientSecret(
	ctx context.Context, req *identityv1.VerifyClientSecretRequest,
) (res *identityv1.VerifyClientSecretResponse, err error) {
	defer func() { s.SignIns.Count(telemetry.MethodClientSecret, err != nil, oerr.Reason(err)) }()
	voucher, err := verify(ctx, req, [2]string{"client_secret", req.GetClientSecret()}, s.Verifier.VerifyClientSecret)
	if err != nil {
		return nil, err
	}
	return &identityv1.VerifyClientSecretResponse{
		User: toUser(voucher.User), AuthenticationAppId: voucher.AppID, WorkspaceId: voucher.WorkspaceID,
	}, nil
}

// tried is a request with the credential of a user.
type tried interface {
	GetEmailAddress() string
	GetSourceAddress() string
}

// verify verifies a credential, whose name is the field's. Its errors are statuses.
func verify[T any](ctx context.Context, req tried, given [2]string, by func(context.Context, attempt.Try, secret.String) (T, error)) (found T, err error) {
	if err := required([2]string{"email_address", req.GetEmailAddress()}, given); err != nil {
		return found, err
	}
	found, err = by(ctx, attempt.Try{Typed: req.GetEmailAddress(), Source: req.GetSourceAddress()}, secret.New(given[1]))
	return found, toStatus(err)
}
