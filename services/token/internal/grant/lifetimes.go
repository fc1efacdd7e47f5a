package grant

import (
	"errors"
	"fmt"
	"time"
)

// Lifetimes are how long credentials live (docs/wire-contract.md §3).
type Lifetimes struct {
	// Access is the life of an access token.
	Access time.Duration
	// Refresh is the life of a refresh token from its issue; each rotation begins anew.
	Refresh time.Duration
	// Family is the life of all that came of one authorization, however often it was refreshed.
	Family time.Duration
	// RetryWindow is how long after a rotation the same client gets the same successor again; 0 is never.
	RetryWindow time.Duration
	// User is the life of a user token of VIDIZMO's API, which no grant issues: its bounds are the configuration's.
	User time.Duration
}

// The bounds that keep a typing error from becoming a token that never expires.
const (
	maxAccess      = 24 * time.Hour
	maxRefresh     = 365 * 24 * time.Hour
	maxFamily      = 5 * 365 * 24 * time.Hour
	maxRetryWindow = 30 * time.Second
)

// Validate joins every lifetime that is zero, negative, beyond its bound, or longer than its family's.
func (l Lifetimes) Validate() error {
	var faults []error
	for _, c := range []struct {
		name       string
		value, max time.Duration
	}{
		{"access_token_lifetime", l.Access, maxAccess},
		{"refresh_token_lifetime", l.Refresh, maxRefresh},
		{"family_lifetime", l.Family, maxFamily},
	} {
		if c.value < time.Second || c.value > c.max {
			faults = append(faults, fmt.Errorf("%s is %s: give a duration from 1s to %s", c.name, c.value, c.max))
		}
	}
	if l.Access > l.Family {
		faults = append(faults, fmt.Errorf("access_token_lifetime %s is longer than family_lifetime %s", l.Access, l.Family))
	}
	if l.Refresh > l.Family {
		faults = append(faults, fmt.Errorf("refresh_token_lifetime %s is longer than family_lifetime %s", l.Refresh, l.Family))
	}
	if l.RetryWindow < 0 || l.RetryWindow > maxRetryWindow {
		faults = append(faults, fmt.Errorf("refresh_retry_window is %s: give a duration from 0s to %s", l.RetryWindow, maxRetryWindow))
	}
	return errors.Join(faults...)
}
