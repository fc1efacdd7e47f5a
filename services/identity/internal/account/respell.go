package account

import (
	"context"
	"errors"
	"fmt"
)

// Addresses is the part of the store that brings the addresses of release 0.1 to canonical form.
type Addresses interface {
	// EarlierAddresses reads users whose address was stored under earlier rules, by identifier, at most so many, from behind one.
	EarlierAddresses(ctx context.Context, afterID string, most int) ([]User, error)
	// Respell gives a user's address another form, if it still is what it was, and notes that it is stored under today's rules. It
	// fails with ErrAddressTaken.
	Respell(ctx context.Context, userID string, before, after Address) error
}

// respellSlice is how many users are read at once.
const respellSlice = 500

// Respell brings the addresses that were stored under earlier rules to canonical form. An address that another account has already
// in that form stays as it is: both accounts go on, each found by the form that it has, and shared is told of the two. One that is
// no address by today's rules stays too.
func Respell(ctx context.Context, store Addresses, shared func(userID string, address Address)) error {
	for after := ""; ; {
		users, err := store.EarlierAddresses(ctx, after, respellSlice)
		if err != nil {
			return fmt.Errorf("reading addresses of earlier rules: %w", err)
		}
		for _, user := range users {
			after = user.ID
			canonical, err := Canonical(string(user.EmailAddress))
			if err != nil {
				canonical = user.EmailAddress
			}
			err = store.Respell(ctx, user.ID, user.EmailAddress, canonical)
			if errors.Is(err, ErrAddressTaken) {
				shared(user.ID, canonical)
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
