package dpop

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// ErrFull is returned by Memory when as many proofs were used lately as it can hold, or as it holds of
// one key. The proof is not accepted then.
var ErrFull = errors.New("too many DPoP proofs were used lately")

// Replays records which proofs were used.
type Replays interface {
	// Use records the use of a proof, by its ID, for at least Lifetime, and reports whether it is the
	// first one: of concurrent calls, one. Where it returns an error the proof must not be accepted.
	Use(ctx context.Context, proof Proof) (first bool, err error)
}

// DefaultCapacity is how many proofs a process records at most: 4,000 requests a second, in about 100
// MiB.
const DefaultCapacity = 1 << 20

// A key may always have 1/ownShare of the capacity, and more while less than 1/commonShare of it is
// used: one busy client needs no other limit, and cannot have the requests of all others refused.
const ownShare, commonShare = 16, 2

// Memory records proofs in the memory of one process: a proof that is sent to another replica too is
// accepted there, as long as its iat permits. Its methods may be called concurrently.
type Memory struct {
	now      func() time.Time
	capacity int

	mu sync.Mutex
	// current has the uses since began, previous those of the Lifetime before.
	current, previous uses
	began             time.Time
}

// uses are the uses of a Lifetime.
type uses struct {
	proofs map[recorded]struct{}
	// byKey counts them by the key of the proof.
	byKey map[keyPrefix]int32
}

func newUses() uses { return uses{map[recorded]struct{}{}, map[keyPrefix]int32{}} }

// recorded is the first half of an identifier: a collision would take 2^64 proofs.
type recorded [sha256.Size / 2]byte

// keyPrefix is the beginning of a thumbprint: to share the count of another key would take 2^72 keys.
type keyPrefix [12]byte

// NewMemory returns an empty record of at most capacity proofs; nil is time.Now.
func NewMemory(capacity int, now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{now: now, capacity: capacity, current: newUses(), previous: newUses(), began: now()}
}

// Use is Replays.
func (m *Memory) Use(_ context.Context, proof Proof) (bool, error) {
	id := recorded(proof.ID[:len(recorded{})])
	var key keyPrefix
	copy(key[:], proof.Thumbprint)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch age := m.now().Sub(m.began); {
	case age < 0: // the clock was set back: nothing may be dropped for that
		m.began = m.began.Add(age)
	case age >= Lifetime:
		m.previous, m.current, m.began = m.current, newUses(), m.began.Add(age)
	}
	_, now := m.current.proofs[id]
	_, before := m.previous.proofs[id]
	switch {
	case now || before:
		return false, nil
	case m.full(key):
		return false, ErrFull
	}
	m.current.proofs[id] = struct{}{}
	m.current.byKey[key]++
	return true, nil
}

// full reports whether no more proofs of a key are recorded.
func (m *Memory) full(key keyPrefix) bool {
	all := len(m.current.proofs) + len(m.previous.proofs)
	own := int(m.current.byKey[key]) + int(m.previous.byKey[key])
	return all >= m.capacity || all*commonShare >= m.capacity && own*ownShare >= m.capacity
}
