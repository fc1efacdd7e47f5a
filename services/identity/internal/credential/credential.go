package credential

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/attempt"
	"github.com/vidocu/usher/services/identity/internal/authapp"
)

// Verifier verifies credentials. Its methods return account.ErrInvalidCredentials, a
// *ratelimit.LimitedError, or the error of a store that is unavailable; in the last two cases
// nothing was verified.
type Verifier struct {
	Attempts *attempt.Guard
	Accounts account.Authenticator
	Apps     authapp.Registry
}

// VerifyPassword verifies an address and a password as typed, for a sign-in.
func (v Verifier) VerifyPassword(ctx context.Context, try attempt.Try, password secret.String) (user account.User, err error) {
	err = v.Attempts.SignIn(ctx, try, func(ctx context.Context) (err error) {
		user, err = v.Accounts.Authenticate(ctx, try.Typed, password)
		return err
	})
	return user, err
}

// VerifyClientSecret verifies an address and the secret of an authentication app, for a sign-in.
func (v Verifier) VerifyClientSecret(ctx context.Context, try attempt.Try, presented secret.String) (voucher authapp.Voucher, err error) {
	err = v.Attempts.SignIn(ctx, try, func(ctx context.Context) (err error) {
		voucher, err = v.Apps.VerifyClientSecret(ctx, try.Typed, presented)
		return err
	})
	return voucher, err
}
