package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/device"
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

// EndOne ends a session of a session's user by its identifier, from a browser. It returns ErrRequired
// or ErrUnknown; a session that has ended already is no error.
func (s *Store) EndOne(ctx context.Context, token secret.String, id string, on device.Device) error {
	current, err := s.Get(ctx, token)
	if err != nil {
		return err
	}
	hash, err := parseID(id)
	if err != nil {
		return err
	}
	return s.Users.EndUserSession(ctx, current.User.ID, hash, on)
}

// EndOthers ends all sessions of a session's user and begins one that continues this one: it is no
// sign-in, so that it expires when this one would. It raises the user's epoch, which ends also what the
// durable store does not list: sessions of release 0.1, and one that is being created concurrently. It
// returns ErrRequired, also for a session that ends concurrently. Called again with the same random
// value of a form, which may be empty, it returns the session that the first call began: the browser
// that sent two requests keeps the response to the second one.
func (s *Store) EndOthers(ctx context.Context, token, form secret.String, on device.Device) (secret.String, Session, error) {
	next := continuation(token, form)
	continued, err := s.endOthers(ctx, next, token, on)
	if errors.Is(err, ErrRequired) && !form.IsZero() {
		continued, err = s.Get(ctx, next)
	}
	if err != nil {
		return secret.String{}, Session{}, err
	}
	return next, continued, nil
}

// endOthers is EndOthers, once, with the value of the new session.
func (s *Store) endOthers(ctx context.Context, next, token secret.String, on device.Device) (Session, error) {
	current, err := s.Get(ctx, token)
	if err != nil {
		return Session{}, err
	}
	if current.ExpiresAt.Sub(s.Now()) < time.Second { // it would be over before its user has it
		return Session{}, ErrRequired
	}
	current.User.SessionEpoch++
	_, continued, err := s.begin(ctx, current, Renewal{value: next, Previous: token, Record: func(ctx context.Context, r Record) (bool, error) {
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
	return continued, err
}

// continuation returns the value of a session that continues another one at the request of a form, the
// same one each time. A thief of the session's value alone cannot compute it, since only the form in
// the user's browser has the other part. Without a form it is random.
func continuation(token, form secret.String) secret.String {
	if form.IsZero() {
		return secret.NewCode()
	}
	mac := hmac.New(sha256.New, []byte(token.Reveal()))
	mac.Write([]byte("the session that ends the others\x00" + form.Reveal()))
	return secret.New(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}
