package admin

import (
	"context"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

func disableUser(ctx context.Context, s *Session, c withConfirmation[oneUser]) error {
	id, err := s.userID(ctx, c.Target.User)
	if err != nil {
		return err
	}
	return c.confirmed(ctx, s, userImpact(id), func() error {
		return call(ctx, s.revocation().DisableUser, &tokenv1.DisableUserRequest{UserId: id},
			s.line("%s is disabled; their tokens, authorization codes and sessions are revoked", id))
	})
}

func enableUser(ctx context.Context, s *Session, c oneUser) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	return call(ctx, s.identity().EnableUser, &identityv1.EnableUserRequest{UserId: id}, s.line("%s may sign in again", id))
}

// unlockUser resets the count of a user's failed sign-ins.
func unlockUser(ctx context.Context, s *Session, c oneUser) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	return call(ctx, s.identity().UnlockUser, &identityv1.UnlockUserRequest{UserId: id},
		s.line("%s may try to sign in again; failures counted for a source address stay counted", id))
}

func setPassword(ctx context.Context, s *Session, c oneUser) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	password, err := s.newPassword(ctx, "token")
	if err != nil {
		return err
	}
	return call(ctx, s.revocation().SetPassword, &tokenv1.SetPasswordRequest{UserId: id, Password: password.Reveal()},
		s.line("%s has a new password; their sessions and user tokens are revoked", id))
}
