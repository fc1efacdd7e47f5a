package dpop

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// ErrFull is returned by Memory when as many proofs were used lately as it can hold. The proof is not
// accepted then.
var ErrFull = errors.New("too many DPoP proofs were used lately")

// Replays records which proofs were used.
type Replays interface {
	// Use records the use of a proof for at least Lifetime, and reports whether it is the first one:
	// of concurrent calls, one. Where it returns an error the proof must not be accepted.
	Use(ctx context.Context, id [sha256.Size]byte) (first bool, err error)
}

// DefaultCapacity is how many proofs a process records at most: 4,000 requests a second, in about 100
// MiB.
const DefaultCapacity = 1 << 20

// Memory records proofs in the memory of one process: a proof that is sent to another replica too is
// accepted there, as long as its iat permits. Its methods may be called concurrently.
type Memory struct {
	now      func() time.Time
	capacity int

	mu sync.Mutex
	// current has the uses since began, previous those of the Lifetime before.
	current, previous map[recorded]struct{}
	began             time.Time
}

// recorded is the first half of an identifier: a collision would take 2^64 proofs.
type recorded [sha256.Size / 2]byte

// NewMemory returns an empty record of at most capacity proofs; nil is time.Now.
func NewMemory(capacity int, now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{now: now, capacity: capacity, current: map[recorded]struct{}{}, began: now()}
}

// Use is Replays.
func (m *Memory) Use(_ context.Context, id [sha256.Size]byte) (bool, error) {
	key := recorded(id[:len(recorded{})])
	m.mu.Lock()
	defer m.mu.Unlock()
	switch age := m.now().Sub(m.began); {
	case age < 0: // the clock was set back: nothing may be dropped for that
		m.began = m.began.Add(age)
	case age >= Lifetime:
		m.previous, m.current, m.began = m.current, map[recorded]struct{}{}, m.began.Add(age)
	}
	_, now := m.current[key]
	_, before := m.previous[key]
	switch {
	case now || before:
		return false, nil
	case len(m.current)+len(m.previous) >= m.capacity:
		return false, ErrFull
	}
	m.current[key] = struct{}{}
	return true, nil
}
