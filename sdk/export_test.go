package usher

import "time"

// WithClock replaces the monotonic clock.
func WithClock(now func() time.Duration) Option { return func(o *options) { o.now = now } }

// Applied is the cursor up to which the client has taken in the revocation log.
func Applied(c *Client) int64 { return c.memory.resume().GetCursor() }

// WellFormed is the check of a token's form.
func WellFormed(s string) bool { return wellFormed(s) }
