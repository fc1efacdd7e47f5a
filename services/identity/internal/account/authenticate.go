package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrInvalidCredentials is every failed sign-in: a text that is no address, an unknown or disabled user, a user without a
// password, a wrong password. The caller learns nothing more.
var ErrInvalidCredentials = errors.New("the e-mail address or the password is wrong")

// Records is the part of the store that authentication reads.
type Records interface {
	// FindRecord reads the user of an address, disabled or not. It fails with ErrUnknown.
	FindRecord(ctx context.Context, address Spelling) (Record, error)
	// ReplacePasswordHash puts another string in the place of a password's, if it still is the one that was read. Sessions go on.
	ReplacePasswordHash(ctx context.Context, userID string, before, after secret.String) error
}

// Passwords checks a password.
type Passwords interface {
	// Verify reports whether a password is the stored one, and whether the string is stale: made of the password as it was typed and
	// not of its normalised form. An empty stored string costs as much as any other, and is no password's.
	Verify(ctx context.Context, stored, presented secret.String) (right, stale bool, err error)
	// Hash makes the string of a password.
	Hash(ctx context.Context, clear secret.String) (secret.String, error)
}

// Authenticator decides whether somebody is who they say.
type Authenticator struct {
	Records   Records
	Passwords Passwords
}

// Authenticate takes an address and a password as they were typed. It fails with ErrInvalidCredentials, after one check of
// a password in every case, or with the error of a store that could not be asked.
func (a Authenticator) Authenticate(ctx context.Context, typed string, password secret.String) (User, error) {
	record, err := a.find(ctx, typed)
	if err != nil {
		return User{}, fmt.Errorf("authenticating a user: %w", err)
	}
	right, stale, err := a.Passwords.Verify(ctx, record.PasswordHash, password)
	if err != nil {
		return User{}, fmt.Errorf("authenticating %s: %w", record.ID, err)
	}
	if !right || record.ID == "" || record.Disabled {
		return User{}, ErrInvalidCredentials
	}
	if stale {
		a.renew(ctx, record, password)
	}
	return record.User, nil
}

// renew replaces a string that release 0.1 made of a password as it was typed, so that the password is right from every keyboard. The
// sign-in has succeeded whatever comes of it: what cannot be done now is done at the next one.
func (a Authenticator) renew(ctx context.Context, record Record, password secret.String) {
	hash, err := a.Passwords.Hash(ctx, password)
	if err == nil {
		_ = a.Records.ReplacePasswordHash(ctx, record.ID, record.PasswordHash, hash)
	}
}

// find returns the zero Record for somebody who cannot sign in: no password is right for it, and finding that out takes as
// long as for any other. A disabled user keeps the string, which costs what it did before.
func (a Authenticator) find(ctx context.Context, typed string) (Record, error) {
	record, err := a.Records.FindRecord(ctx, Spell(typed))
	if errors.Is(err, ErrUnknown) {
		return Record{}, nil
	}
	return record, err
}
