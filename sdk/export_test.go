package usher

import "time"

// WithClock replaces the monotonic clock.
func WithClock(now func() time.Duration) Option { return func(o *options) { o.now = now } }

// Applied returns the cursor up to which the client has applied the revocation log.
func Applied(c *Client) int64 { return c.cache.resumeRequest().GetCursor() }

// WellFormed is the check of a token's format.
func WellFormed(s string) bool { return wellFormed(s) }
