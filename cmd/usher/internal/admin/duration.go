package admin

import (
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// lifetimeSeconds returns the value of --lifetime as the contract has it; 0, which is the server's default, where the flag was not
// given.
func lifetimeSeconds(lifetime *time.Duration) int64 { return int64(value(lifetime) / time.Second) }

// validateLifetime refuses a lifetime out of bounds. One below a second would become 0, which is the contract's default and may be no
// end at all; so is an explicit 0.
func validateLifetime(lifetime *time.Duration, most time.Duration) error {
	if d := lifetime; d != nil && (*d < secret.MinLifetime || *d > most || *d%time.Second != 0) {
		return fmt.Errorf("--lifetime must be whole seconds from 1m to %dh", int64(most/time.Hour))
	}
	return nil
}

// positiveSeconds refuses a duration that whole seconds cannot express, and none.
func positiveSeconds(flag string, d time.Duration) error {
	if d <= 0 || d%time.Second != 0 {
		return fmt.Errorf("%s must be whole seconds, 1s or more", flag)
	}
	return nil
}
