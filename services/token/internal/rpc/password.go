package rpc

import (
	"context"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/services/token/internal/revocation"
)

// Passwords changes the passwords of signed-in users.
type Passwords struct {
	tokenv1.UnsafePasswordServiceServer

	Revoker     revocation.Revoker
	Credentials identityv1.CredentialServiceClient
}

// ChangePassword has identity change a password. Where the user signs out elsewhere, it revokes the
// user tokens and the pending codes too, first and once more after the change; the request is
// validated before, so that a wrong old password revokes nothing.
func (s *Passwords) ChangePassword(ctx context.Context, req *tokenv1.ChangePasswordRequest) (*tokenv1.ChangePasswordResponse, error) {
	change := &identityv1.ChangePasswordRequest{
		SessionToken: req.GetSessionToken(), OldPassword: req.GetOldPassword(), NewPassword: req.GetNewPassword(),
		EndOtherSessions: req.GetSignOutElsewhere(), SourceAddress: req.GetSourceAddress(), UserAgent: req.GetUserAgent(),
		ValidateOnly: req.GetSignOutElsewhere(),
	}
	res, err := s.change(ctx, change)
	if err != nil || res.GetFault() != identityv1.PasswordFault_PASSWORD_FAULT_UNSPECIFIED || !req.GetSignOutElsewhere() {
		return toChanged(res), toStatus(err)
	}
	change.ValidateOnly = false
	err = s.Revoker.RevokeSignInsAround(ctx, res.GetSession().GetUserId(), func(ctx context.Context) (err error) {
		res, err = s.change(ctx, change)
		return err
	})
	return toChanged(res), toStatus(err)
}

func (s *Passwords) change(ctx context.Context, req *identityv1.ChangePasswordRequest) (*identityv1.ChangePasswordResponse, error) {
	res, err := s.Credentials.ChangePassword(ctx, req)
	if err == nil {
		return res, nil
	}
	return nil, hidden("changing a password", err, errorv1.Reason_REASON_SESSION_REQUIRED, errorv1.Reason_REASON_INVALID_CREDENTIALS,
		errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_RATE_LIMITED)
}

func toChanged(res *identityv1.ChangePasswordResponse) *tokenv1.ChangePasswordResponse {
	return &tokenv1.ChangePasswordResponse{Fault: res.GetFault(), SessionToken: res.GetSessionToken(), Session: res.GetSession()}
}
