// Package shortlived keeps what lives for minutes: pending authorizations, codes, browser sessions, counters. Losing all of
// it costs only the sign-ins in progress; nothing that must hold is decided here (ADR 0006).
//
// It owns the contract and its two implementations, Redis and memory. It never knows what a value means, and a key never
// holds a secret: callers name an entry by the hash of the value that finds it.
package shortlived

import (
	"context"
	"encoding/binary"
	"errors"
	"time"
)

// ErrUnavailable is a store that cannot be asked now. What was asked may or may not have happened.
var ErrUnavailable = errors.New("short-lived store is unavailable")

// Store is the contract. Every entry carries its own deadline, set when it was put and never moved after; an entry past its
// deadline is gone for every method, whatever the store's own expiry has done. Every method is atomic, may be called
// concurrently, and answers ErrUnavailable when the store cannot be asked. Values are the caller's to reuse.
type Store interface {
	// Put writes an entry, replacing any other under the key.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// PutNew writes an entry unless the key has one, and answers whether it did: of many at once, one.
	PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	// Get reads an entry.
	Get(ctx context.Context, key string) (value []byte, found bool, err error)
	// Take reads an entry and removes it: of many at once, one gets it. A lost reply is not asked for again.
	Take(ctx context.Context, key string) (value []byte, found bool, err error)
	// CompareAndSet replaces an entry's value if it is still old, and keeps its deadline: of many at once, one succeeds.
	CompareAndSet(ctx context.Context, key string, old, value []byte) (bool, error)
	// Delete removes an entry; one that is gone is no error.
	Delete(ctx context.Context, key string) error
	// Count adds one to a counter and answers the sum. The counter ends a window after its first count.
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
	// Spend takes one of a budget of limit and answers whether there was one left: of many at once, limit get one. A refusal
	// takes nothing. The budget is whole again a window after the first was taken.
	Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error)
	// Refund gives one back; to a budget that is whole it gives nothing. A budget that is whole again leaves no entry.
	Refund(ctx context.Context, key string) error
	// Ping asks whether the store answers.
	Ping(ctx context.Context) error
	// Close ends its connections.
	Close() error
}

// headerSize is the deadline in front of each stored value: microseconds since 1970, big-endian.
const headerSize = 8

// pack puts the deadline in front of a value.
func pack(value []byte, deadline time.Time) []byte {
	packed := make([]byte, headerSize, headerSize+len(value))
	binary.BigEndian.PutUint64(packed, uint64(deadline.UnixMicro()))
	return append(packed, value...)
}

// unpack takes the deadline off; an entry past it is not there.
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
