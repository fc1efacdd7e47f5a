package admin

import (
	"context"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

type disableUser struct {
	User string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
}

// Run disables a user.
func (c disableUser) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	client, err := s.ending()
	if err != nil {
		return err
	}
	res, err := client.DisableUser(ctx, &tokenv1.DisableUserRequest{UserId: id})
	if err != nil {
		return err
	}
	return s.done(res, "%s is disabled; their tokens, codes and sessions have ended", id)
}

type enableUser struct {
	User string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
}

// Run enables a user.
func (c enableUser) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	client, err := s.identity()
	if err != nil {
		return err
	}
	res, err := client.EnableUser(ctx, &identityv1.EnableUserRequest{UserId: id})
	if err != nil {
		return err
	}
	return s.done(res, "%s may sign in again", id)
}

type setPassword struct {
	User string `arg:"" help:"The user, by identifier (usr_…) or e-mail address."`
}

// Run sets a user's password.
func (c setPassword) Run(ctx context.Context, s *Session) error {
	id, err := s.userID(ctx, c.User)
	if err != nil {
		return err
	}
	client, err := s.ending()
	if err != nil {
		return err
	}
	password, err := s.newPassword(ctx)
	if err != nil {
		return err
	}
	res, err := client.SetPassword(ctx, &tokenv1.SetPasswordRequest{UserId: id, Password: password.Reveal()})
	if err != nil {
		return err
	}
	return s.done(res, "%s has a new password; their sessions and user tokens have ended", id)
}
