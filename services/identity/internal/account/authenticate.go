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
	FindRecord(ctx context.Context, address Address) (Record, error)
}

// Passwords checks a password.
type Passwords interface {
	// Verify reports whether a password is the stored one. An empty stored string costs as much as any other, and the
	// answer is no.
	Verify(ctx context.Context, stored, presented secret.String) (bool, error)
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
	right, err := a.Passwords.Verify(ctx, record.PasswordHash, password)
	if err != nil {
		return User{}, fmt.Errorf("authenticating %s: %w", record.ID, err)
	}
	if !right || record.ID == "" || record.Disabled {
		return User{}, ErrInvalidCredentials
	}
	return record.User, nil
}

// find answers the zero Record for somebody who cannot sign in: no password is right for it, and finding that out takes as
// long as for any other. A disabled user keeps the string, which costs what it did before.
func (a Authenticator) find(ctx context.Context, typed string) (Record, error) {
	address, err := Canonical(typed)
	if err != nil {
		return Record{}, nil //nolint:nilerr // what is no address is nobody's
	}
	record, err := a.Records.FindRecord(ctx, address)
	if errors.Is(err, ErrUnknown) {
		return Record{}, nil
	}
	return record, err
}
