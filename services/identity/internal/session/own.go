package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// List returns the sessions of a session's user, the one used last first, and that session. It
// returns ErrRequired.
func (s *Store) List(ctx context.Context, token secret.String) (Session, []Listed, error) {
	current, err := s.Get(ctx, token)
	if err != nil {
		return Session{}, nil, err
	}
	list, err := s.Users.ListSessions(ctx, current.User.ID)
	return current, list, err
}

// EndOne ends a session of a session's user by its identifier. It returns ErrRequired or ErrUnknown;
// a session that has ended already is no error.
func (s *Store) EndOne(ctx context.Context, token secret.String, id string) error {
	current, err := s.Get(ctx, token)
	if err != nil {
		return err
	}
	hash, err := parseID(id)
	if err != nil {
		return err
	}
	return s.Users.EndUserSession(ctx, current.User.ID, hash)
}

// EndOthers ends all sessions of a session's user and begins one that continues this one: it is no sign-in,
// so that it expires when this one would. It raises the user's epoch, which ends also what the durable store
// does not list: sessions of release 0.1, and one that is being created concurrently. It returns ErrRequired,
// also for a session that ends concurrently.
func (s *Store) EndOthers(ctx context.Context, token secret.String, on Device) (secret.String, Session, error) {
	current, err := s.Get(ctx, token)
	if err != nil {
		return secret.String{}, Session{}, err
	}
	if current.ExpiresAt.Sub(s.Now()) < time.Second { // it would be over before its user has it
		return secret.String{}, Session{}, ErrRequired
	}
	current.User.SessionEpoch++
	next, continued, err := s.begin(ctx, current, Renewal{Previous: token, Record: func(ctx context.Context, r Record) (bool, error) {
		r.Device = on
		err := s.Users.EndOtherSessions(ctx, r)
		return err == nil, err
	}})
	switch {
	case errors.Is(err, account.ErrUnknown):
		err = ErrRequired
	case err != nil:
		err = fmt.Errorf("ending a user's sessions: %w", err)
	}
	return next, continued, err
}
