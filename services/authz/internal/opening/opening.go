// Package opening bounds how many authorization requests one source address may have kept for it without signing in. Anybody can
// begin one, and each lies in the short-lived store until it ends.
//
// It owns the count. It never judges a request, and what a signed-in person begins is not counted.
package opening

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// LimitedError is a request that was not kept: its source has begun too many.
type LimitedError struct {
	// RetryAfter is the time after which the budget is whole again at the latest.
	RetryAfter time.Duration
}

// Error says what to do.
func (*LimitedError) Error() string { return "too many requests, try again later" }

// Entries is the short-lived store, of which a Limit needs this much.
type Entries interface {
	// Spend takes one of a budget of limit and answers whether there was one left. The budget is whole again after a window.
	Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error)
}

// Limit is every source's budget. The zero value limits nobody.
type Limit struct {
	Entries Entries
	// Requests fit into each Window.
	Requests int
	Window   time.Duration
}

// Allow takes one of the budget of a source address; where the address is not known there is none to take from. It fails with a
// *LimitedError, or with the error of a store that could not be asked.
func (l Limit) Allow(ctx context.Context, source string) error {
	if l.Requests == 0 || source == "" {
		return nil
	}
	ok, err := l.Entries.Spend(ctx, key(source), int64(l.Requests), l.Window)
	if err != nil {
		return fmt.Errorf("counting a request: %w", err)
	}
	if !ok {
		return &LimitedError{RetryAfter: l.Window}
	}
	return nil
}

// networkBits are those of an IPv6 address that its owner does not choose (RFC 4291 §2.5.1): whoever has one address has all
// that differ in the others.
const networkBits = 64

// key is one for all addresses of a source, and does not tell which they are.
func key(source string) string {
	if addr, err := netip.ParseAddr(source); err == nil && addr.Is6() {
		network, _ := addr.Prefix(networkBits) // an IPv6 address has that many bits
		source = network.Addr().String()
	}
	hash := secret.Sum("source " + source)
	return "authz:opening:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
