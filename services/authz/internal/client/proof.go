package client

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// ErrProofUsed is returned for a DPoP proof that was used before. It has a cause.
var ErrProofUsed = cause.With(errors.New("the DPoP proof was used before"), cause.ProofReplayed)

// maxProofLifetime bounds how long the use of a proof is recorded. It exceeds how long any server
// accepts one.
const maxProofLifetime = 10 * time.Minute

// Proof is a DPoP proof that another service has verified (RFC 9449 §11.1).
type Proof struct {
	// ID is the SHA-256 of what identifies it.
	ID []byte
	// Lifetime is how long it could be used again.
	Lifetime time.Duration
}

// ProofEntries is the short-lived store.
type ProofEntries interface {
	// PutNew writes an entry unless the key has one, and reports whether it did: of concurrent
	// calls, one.
	PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
}

// Proofs records which proofs were used. If the store is unavailable no proof is accepted: without
// the record a proof could be used twice.
type Proofs struct{ Entries ProofEntries }

// Use records the use of a proof. It returns ErrProofUsed for the second use, or the store's error.
func (p Proofs) Use(ctx context.Context, proof Proof) error {
	if len(proof.ID) != sha256.Size || proof.Lifetime <= 0 || proof.Lifetime > maxProofLifetime {
		return errors.New("the proof has no usable identifier")
	}
	first, err := p.Entries.PutNew(ctx, "authz:proof:"+base64.RawURLEncoding.EncodeToString(proof.ID), nil, proof.Lifetime)
	if err != nil {
		return fmt.Errorf("recording a proof: %w", err)
	}
	if !first {
		return ErrProofUsed
	}
	return nil
}
