package grant

import (
	"errors"
	"fmt"
	"time"
)

// Lifetimes are the lifetimes of credentials (docs/wire-contract.md §3).
type Lifetimes struct {
	// Access is the life of an access token.
	Access time.Duration
	// Refresh is the life of a refresh token from its issue; each rotation begins anew.
	Refresh time.Duration
	// Family is the life of a token family, however often it is refreshed.
	Family time.Duration
	// RetryWindow is how long after a rotation a retry by the same client gets the same successor,
	// for clients without a window of their own; 0 disables retries.
	RetryWindow time.Duration
	// Service is the life of an access token that a client gets for itself.
	Service time.Duration
	// User is the life of a user token of VIDIZMO's API, which no grant type issues.
	User time.Duration
}

// of returns the lifetimes of a client's credentials: the client's own retry window replaces the
// deployment's.
func (l Lifetimes) of(c Client) Lifetimes {
	if c.RefreshRetry != nil {
		l.RetryWindow = *c.RefreshRetry
	}
	return l
}

// Validate returns one error for every lifetime that is longer than the family's. The configuration
// checks the bounds of each.
func (l Lifetimes) Validate() error {
	var faults []error
	if l.Access > l.Family {
		faults = append(faults, fmt.Errorf("access_token_lifetime %s is longer than family_lifetime %s", l.Access, l.Family))
	}
	if l.Refresh > l.Family {
		faults = append(faults, fmt.Errorf("refresh_token_lifetime %s is longer than family_lifetime %s", l.Refresh, l.Family))
	}
	return errors.Join(faults...)
}
