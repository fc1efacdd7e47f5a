package admin

import (
	"fmt"
	"time"
)

// lifetimeSeconds returns the value of --lifetime as the contract has it; 0, which is the server's default, where the flag was not
// given.
func lifetimeSeconds(lifetime *time.Duration) int64 { return int64(value(lifetime) / time.Second) }

// validateLifetime refuses a lifetime that would become 0 in whole seconds, or is: the contract's default, and perhaps no end.
func validateLifetime(lifetime *time.Duration) error {
	if lifetime == nil {
		return nil
	}
	return positiveSeconds("--lifetime", *lifetime)
}

// positiveSeconds refuses a duration that whole seconds cannot express, and none.
func positiveSeconds(flag string, d time.Duration) error {
	if d <= 0 || d%time.Second != 0 {
		return fmt.Errorf("%s must be whole seconds, 1s or more", flag)
	}
	return nil
}
