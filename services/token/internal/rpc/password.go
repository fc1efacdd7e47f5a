package rpc

import (
	"context"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/token/internal/revocation"
)

// Passwords changes the passwords of signed-in users, and ends their sign-ins.
type Passwords struct {
	tokenv1.UnsafePasswordServiceServer

	Revoker     revocation.Revoker
	Credentials identityv1.CredentialServiceClient
	Sessions    identityv1.SessionServiceClient
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
	err = s.Revoker.RevokeSignInsAround(ctx, res.GetSession().GetUserId(), revocation.NewPassword, func(ctx context.Context) (err error) {
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
	return nil, hidden("changing a password", oerr.UnlessImplemented(err), errorv1.Reason_REASON_SESSION_REQUIRED, errorv1.Reason_REASON_INVALID_CREDENTIALS,
		errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_RATE_LIMITED)
}

// SignOutElsewhere has identity end the other sessions of a user, and revokes the user tokens and the
// pending codes, first and once more after it. The session is confirmed before, so that one that has
// ended revokes nothing: the second of two clicks gets the session that the first one began.
func (s *Passwords) SignOutElsewhere(ctx context.Context, req *tokenv1.SignOutElsewhereRequest) (*tokenv1.SignOutElsewhereResponse, error) {
	known := func(err error) error {
		if err == nil {
			return nil
		}
		return hidden("signing out elsewhere", oerr.UnlessImplemented(err), errorv1.Reason_REASON_SESSION_REQUIRED)
	}
	var res *identityv1.EndOtherSessionsResponse
	end := func(ctx context.Context) (err error) {
		res, err = s.Sessions.EndOtherSessions(ctx, &identityv1.EndOtherSessionsRequest{
			SessionToken: req.GetSessionToken(), SourceAddress: req.GetSourceAddress(), UserAgent: req.GetUserAgent(), Form: req.GetForm(),
		})
		return known(err)
	}
	confirmed, err := s.Sessions.GetSession(ctx, &identityv1.GetSessionRequest{SessionToken: req.GetSessionToken()})
	switch {
	case err == nil:
		err = s.Revoker.RevokeSignInsAround(ctx, confirmed.GetSession().GetUserId(), revocation.OthersSignedOut, end)
	case oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED && req.GetForm() != "":
		err = end(ctx)
	default:
		err = known(err)
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return &tokenv1.SignOutElsewhereResponse{SessionToken: res.GetSessionToken(), Session: res.GetSession()}, nil
}

func toChanged(res *identityv1.ChangePasswordResponse) *tokenv1.ChangePasswordResponse {
	return &tokenv1.ChangePasswordResponse{Fault: res.GetFault(), SessionToken: res.GetSessionToken(), Session: res.GetSession()}
}
