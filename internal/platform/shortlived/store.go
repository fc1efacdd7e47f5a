// Package shortlived stores data with a TTL: pending authorizations, codes, browser sessions, used
// proofs, counters. Losing all of it signs every browser out and starts every counter again; nothing
// durable depends on it (ADR 0006).
//
// It owns the interface and its two implementations, Redis and memory. It never interprets a value,
// and a key never contains a secret: callers name an entry by the hash of the value that finds it.
package shortlived

import (
	"context"
	"encoding/binary"
	"errors"
	"time"
)

// ErrUnavailable means that the store cannot be reached. The operation may or may not have been
// executed.
var ErrUnavailable = errors.New("short-lived store is unavailable")

// Store is the interface. Every entry has its own deadline, set when it was written and never
// changed; an expired entry is missing for every method, regardless of the store's own expiry.
// Every method is atomic, may be called concurrently, and returns ErrUnavailable when the store
// cannot be reached. Callers may reuse the value slices.
type Store interface {
	// Put writes an entry, replacing any other under the key.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// PutNew writes an entry unless the key has one, and reports whether it did: of concurrent
	// calls, one.
	PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	// Get reads an entry.
	Get(ctx context.Context, key string) (value []byte, found bool, err error)
	// Take reads an entry and removes it: of concurrent calls, one gets it. It is not retried after
	// a lost reply.
	Take(ctx context.Context, key string) (value []byte, found bool, err error)
	// CompareAndSet replaces an entry's value if it is still old, and keeps its deadline: of
	// concurrent calls, one succeeds.
	CompareAndSet(ctx context.Context, key string, old, value []byte) (bool, error)
	// Delete removes an entry; a missing one is not an error.
	Delete(ctx context.Context, key string) error
	// Count adds one to a counter and returns the sum. The counter expires a window after its first
	// count.
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
	// Spend takes one of a budget of limit and reports whether one was left: of concurrent calls,
	// limit succeed. A refusal takes nothing. The budget is reset a window after the first was
	// taken.
	Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error)
	// Refund gives one back; a full budget stays unchanged. A budget that is full again leaves no
	// entry.
	Refund(ctx context.Context, key string) error
	// Ping checks that the store responds.
	Ping(ctx context.Context) error
	// Close closes its connections.
	Close() error
}

// headerSize is the size of the deadline in front of each stored value: microseconds since 1970,
// big-endian.
const headerSize = 8

// pack prepends the deadline to a value.
func pack(value []byte, deadline time.Time) []byte {
	packed := make([]byte, headerSize, headerSize+len(value))
	binary.BigEndian.PutUint64(packed, uint64(deadline.UnixMicro()))
	return append(packed, value...)
}

// unpack removes the deadline; ok is false for an expired entry.
func unpack(packed []byte, now time.Time) ([]byte, bool) {
	if len(packed) < headerSize {
		return nil, false
	}
	deadline := time.UnixMicro(int64(binary.BigEndian.Uint64(packed)))
	if !now.Before(deadline) {
		return nil, false
	}
	return packed[headerSize:], true
}
