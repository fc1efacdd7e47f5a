package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/emailaddress"
)

// Addresses is the part of the store that converts the addresses of release 0.1 to canonical form.
type Addresses interface {
	// EarlierAddresses returns at most limit users after the given one, by identifier, whose
	// address is stored under earlier rules.
	EarlierAddresses(ctx context.Context, afterID string, most int) ([]User, error)
	// Respell replaces a user's address by another form, if it is unchanged, and marks it as stored
	// under the current rules. It returns ErrAddressTaken.
	Respell(ctx context.Context, userID string, before, after Address) error
}

// respellSlice is how many users are read at a time.
const respellSlice = 500

// Respell converts addresses that are stored under earlier rules to canonical form. An address
// whose canonical form another account has stays as it is: each account is still found by its own
// form, and shared is called unless the user is disabled. A string that is not an address under the
// current rules stays too.
func Respell(ctx context.Context, store Addresses, shared func(userID string, address Address)) error {
	for after := ""; ; {
		users, err := store.EarlierAddresses(ctx, after, respellSlice)
		if err != nil {
			return fmt.Errorf("reading addresses of earlier rules: %w", err)
		}
		for _, user := range users {
			after = user.ID
			canonical, err := emailaddress.Canonical(string(user.EmailAddress))
			if err != nil {
				canonical = user.EmailAddress
			}
			err = store.Respell(ctx, user.ID, user.EmailAddress, canonical)
			if errors.Is(err, ErrAddressTaken) {
				if !user.Disabled {
					shared(user.ID, canonical)
				}
				continue
			}
			if err != nil {
				return fmt.Errorf("respelling an address: %w", err)
			}
		}
		if len(users) < respellSlice {
			return nil
		}
	}
}
