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
	// RetryWindow is how long after a rotation the same client gets the same successor again; 0 is
	// never.
	RetryWindow time.Duration
	// User is the life of a user token of VIDIZMO's API, which no grant issues.
	User time.Duration
}

// Validate joins every lifetime that is longer than its family's. The configuration has the bounds
// of each.
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
