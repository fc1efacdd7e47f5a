package credential

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/attempt"
	"github.com/vidocu/usher/services/identity/internal/password"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// ErrChanged is returned for a password that was replaced, or a user who was disabled or whose sessions
// ended, while the request was being checked.
var ErrChanged = errors.New("the password was changed meanwhile")

// The errors of a new password that is not allowed, beside those of package password.
var (
	ErrUnchanged = errors.New("the new password is the old one")
	ErrIsAddress = errors.New("the new password is the e-mail address")
)

// Change is a user's request to change the password.
type Change struct {
	// Session is the value of the user's session.
	Session secret.String
	// Old and New are as typed.
	Old, New secret.String
	// EndOthers ends the user's other sessions.
	EndOthers bool
	// Source is the network address of the request.
	Source string
	Device device.Device
}

// Replacement is a new password hash.
type Replacement struct {
	// Before is the hash that was read.
	Before, After secret.String
	// EndSessions raises the session epoch to that of the session.
	EndSessions bool
	// Record is the user's new session, which continues that of the request.
	session.Record
}

// Sessions is the part of package session that a Changer needs.
type Sessions interface {
	// Get returns the session of a browser, or session.ErrRequired.
	Get(ctx context.Context, token secret.String) (session.Session, error)
	// Renew creates a session for a signed-in user and ends the previous one.
	Renew(ctx context.Context, r session.Renewal) (secret.String, session.Session, error)
}

// Replacer is the part of the store that a Changer needs.
type Replacer interface {
	// ChangePassword replaces a password hash and the session of the request, and reports whether there
	// was a record of that session. It returns ErrChanged, and changes nothing, unless the hash is
	// still the one that was read and the user is enabled and has the epoch of the request.
	ChangePassword(ctx context.Context, r Replacement) (replaced bool, err error)
}

// Changer changes passwords. The old password is an attempt like any other: it is counted in the
// budgets of sign-in, and refused when one is exhausted.
type Changer struct {
	Verifier Verifier
	Sessions Sessions
	Store    Replacer
}

// Check validates a request and changes nothing. It returns session.ErrRequired, an error about the
// new password, or one of Verifier. A new password that is not allowed spends no attempt.
func (c Changer) Check(ctx context.Context, change Change) (session.Session, error) {
	found, _, err := c.verify(ctx, change)
	return found, err
}

// Change changes a password and replaces the session. Its errors are those of Check, and ErrChanged.
func (c Changer) Change(ctx context.Context, change Change) (secret.String, session.Session, error) {
	current, record, err := c.verify(ctx, change)
	if err != nil {
		return secret.String{}, session.Session{}, err
	}
	hash, err := c.Verifier.Accounts.Passwords.Hash(ctx, change.New)
	if err != nil {
		return secret.String{}, session.Session{}, fmt.Errorf("hashing a new password: %w", err)
	}
	user := current.User
	if change.EndOthers {
		user.SessionEpoch++
	}
	return c.Sessions.Renew(ctx, session.Renewal{
		User: user, Previous: change.Session, Record: func(ctx context.Context, r session.Record) (bool, error) {
			r.Device = change.Device
			return c.Store.ChangePassword(ctx, Replacement{Before: record.PasswordHash, After: hash, EndSessions: change.EndOthers, Record: r})
		},
	})
}

func (c Changer) verify(ctx context.Context, change Change) (current session.Session, record account.Record, err error) {
	if current, err = c.Sessions.Get(ctx, change.Session); err != nil {
		return session.Session{}, account.Record{}, err
	}
	address := string(current.User.EmailAddress)
	if err := checkNew(change, address); err != nil {
		return session.Session{}, account.Record{}, err
	}
	err = c.Verifier.Attempts.Check(ctx, attempt.Try{Typed: address, Source: change.Source}, func(ctx context.Context) (err error) {
		record, err = c.Verifier.Accounts.AuthenticateRecord(ctx, address, change.Old)
		if err == nil && record.ID != current.User.ID { // two accounts of release 0.1 may share an address
			err = account.ErrInvalidCredentials
		}
		return err
	})
	return current, record, err
}

// checkNew checks a new password against the rules, the old one and the address, in the forms that
// they are compared in.
func checkNew(change Change, address string) error {
	if err := password.CheckNew(change.New); err != nil {
		return err
	}
	if err := password.CheckUsable(change.New); err != nil {
		return err
	}
	if password.Same(change.Old, change.New) {
		return ErrUnchanged
	}
	typed := account.Spell(change.New.Reveal())
	if string(typed.Canonical) == address || string(typed.Earlier) == address {
		return ErrIsAddress
	}
	return nil
}
