package credential

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/attempt"
	"github.com/vidocu/usher/services/identity/internal/authapp"
)

// Doors check what people prove themselves with. Their methods fail with account.ErrInvalidCredentials, with an
// *ratelimit.LimitedError, or with the error of a store that could not be asked; then nothing was verified.
type Doors struct {
	Attempts *attempt.Guard
	Accounts account.Authenticator
	Apps     authapp.Registry
}

// Password checks an address and a password as they were typed.
func (d Doors) Password(ctx context.Context, try attempt.Try, password secret.String) (user account.User, err error) {
	err = d.Attempts.Check(ctx, try, func(ctx context.Context) (err error) {
		user, err = d.Accounts.Authenticate(ctx, try.Typed, password)
		return err
	})
	return user, err
}

// ClientSecret checks an address and the secret of an authentication app.
func (d Doors) ClientSecret(ctx context.Context, try attempt.Try, presented secret.String) (voucher authapp.Voucher, err error) {
	err = d.Attempts.Check(ctx, try, func(ctx context.Context) (err error) {
		voucher, err = d.Apps.Verify(ctx, try.Typed, presented)
		return err
	})
	return voucher, err
}
