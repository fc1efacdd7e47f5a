package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrInvalidCredentials is returned for every failed sign-in: a string that is no address, an
// unknown or disabled user, a user without a password, a wrong password. The caller cannot
// distinguish them.
var ErrInvalidCredentials = errors.New("the e-mail address or the password is wrong")

// Records is the part of the store that authentication needs.
type Records interface {
	// FindRecord returns the user of an address, disabled or not, or ErrUnknown.
	FindRecord(ctx context.Context, address Spelling) (Record, error)
	// ReplacePasswordHash replaces a password hash if it is still the one that was read. Sessions
	// stay valid.
	ReplacePasswordHash(ctx context.Context, userID string, before, after secret.String) error
}

// Passwords verifies and hashes passwords.
type Passwords interface {
	// Verify reports whether a password matches the stored hash, and whether the hash is stale:
	// computed from the password as typed and not from its normalized form. An empty hash costs as
	// much as any other and matches no password.
	Verify(ctx context.Context, stored, presented secret.String) (right, stale bool, err error)
	// Hash returns the PHC string of a password.
	Hash(ctx context.Context, clear secret.String) (secret.String, error)
}

// Authenticator authenticates users by password.
type Authenticator struct {
	Records   Records
	Passwords Passwords
	// Failed is called with the identifier of an enabled user whose password was wrong; nil for
	// none. It must not block.
	Failed func(userID string)
}

// Authenticate validates an address and a password as typed. It returns ErrInvalidCredentials,
// after exactly one password verification in every case, or the error of a store that is
// unavailable.
func (a Authenticator) Authenticate(ctx context.Context, typed string, password secret.String) (User, error) {
	record, stale, err := a.verify(ctx, typed, password)
	if err == nil && stale {
		a.renew(ctx, record, password)
	}
	return record.User, err
}

// AuthenticateRecord is Authenticate, and returns the password hash too, which it does not renew.
func (a Authenticator) AuthenticateRecord(ctx context.Context, typed string, password secret.String) (Record, error) {
	record, _, err := a.verify(ctx, typed, password)
	return record, err
}

func (a Authenticator) verify(ctx context.Context, typed string, password secret.String) (record Record, stale bool, err error) {
	if record, err = a.find(ctx, typed); err != nil {
		return Record{}, false, fmt.Errorf("authenticating a user: %w", err)
	}
	right, stale, err := a.Passwords.Verify(ctx, record.PasswordHash, password)
	if err != nil {
		return Record{}, false, fmt.Errorf("authenticating %s: %w", record.ID, err)
	}
	if !right || record.ID == "" || record.Disabled {
		if record.ID != "" && !record.Disabled && a.Failed != nil {
			a.Failed(record.ID)
		}
		return Record{}, false, ErrInvalidCredentials
	}
	return record, stale, nil
}

// renew replaces a hash that release 0.1 computed from the password as typed, so that the password
// can be typed on any keyboard. Its errors are ignored: the sign-in has succeeded, and the next one
// tries again.
func (a Authenticator) renew(ctx context.Context, record Record, password secret.String) {
	hash, err := a.Passwords.Hash(ctx, password)
	if err == nil {
		_ = a.Records.ReplacePasswordHash(ctx, record.ID, record.PasswordHash, hash)
	}
}

// find returns the zero Record if no user has the address: no password matches it, and verifying
// one takes as long as for any other. A disabled user keeps the hash, whose cost is unchanged.
func (a Authenticator) find(ctx context.Context, typed string) (Record, error) {
	record, err := a.Records.FindRecord(ctx, Spell(typed))
	if errors.Is(err, ErrUnknown) {
		return Record{}, nil
	}
	return record, err
}
