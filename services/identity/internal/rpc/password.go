package rpc

import (
	"context"
	"errors"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/credential"
	"github.com/vidocu/usher/services/identity/internal/password"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// ChangePassword changes the password of the user who has a session. A new password that is not
// allowed is a fault of the response; its errors are SESSION_REQUIRED, INVALID_CREDENTIALS,
// RATE_LIMITED and UNAVAILABLE.
func (s *Credentials) ChangePassword(
	ctx context.Context, req *identityv1.ChangePasswordRequest,
) (*identityv1.ChangePasswordResponse, error) {
	if err := required([2]string{"old_password", req.GetOldPassword()}, [2]string{"new_password", req.GetNewPassword()}); err != nil {
		return nil, err
	}
	change := credential.Change{
		Session: secret.New(req.GetSessionToken()), Old: secret.New(req.GetOldPassword()), New: secret.New(req.GetNewPassword()),
		EndOthers: req.GetEndOtherSessions(), Source: req.GetSourceAddress(),
		Device: device.New(req.GetUserAgent(), req.GetSourceAddress()),
	}
	var token secret.String
	var found session.Session
	var err error
	if req.GetValidateOnly() {
		found, err = s.Changer.Check(ctx, change)
	} else {
		token, found, err = s.Changer.Change(ctx, change)
	}
	if fault := toFault(err); fault != identityv1.PasswordFault_PASSWORD_FAULT_UNSPECIFIED {
		return &identityv1.ChangePasswordResponse{Fault: fault}, nil
	}
	if err != nil {
		return nil, toStatus(err)
	}
	if !req.GetValidateOnly() {
		s.Logger.InfoContext(ctx, "a user changed the password", "user_id", found.User.ID, "sessions_ended", change.EndOthers)
	}
	return &identityv1.ChangePasswordResponse{SessionToken: token.Reveal(), Session: toSession(found)}, nil
}

// toFault returns why a new password is not allowed; PASSWORD_FAULT_UNSPECIFIED for another error.
func toFault(err error) identityv1.PasswordFault {
	for _, row := range []struct {
		sentinel error
		fault    identityv1.PasswordFault
	}{
		{password.ErrShort, identityv1.PasswordFault_PASSWORD_FAULT_SHORT},
		{password.ErrUnusable, identityv1.PasswordFault_PASSWORD_FAULT_LONG},
		{password.ErrCharacters, identityv1.PasswordFault_PASSWORD_FAULT_CHARACTERS},
		{credential.ErrUnchanged, identityv1.PasswordFault_PASSWORD_FAULT_UNCHANGED},
		{credential.ErrIsAddress, identityv1.PasswordFault_PASSWORD_FAULT_EMAIL_ADDRESS},
	} {
		if errors.Is(err, row.sentinel) {
			return row.fault
		}
	}
	return identityv1.PasswordFault_PASSWORD_FAULT_UNSPECIFIED
}
