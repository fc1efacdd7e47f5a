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

// ProofEntries is the short-lived store.
type ProofEntries interface {
	// PutNew writes an entry unless the key has one, and reports whether it did: of concurrent
	// calls, one.
	PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
}

// Proofs records which proofs were used. If the store is unavailable no proof is accepted: without
// the record a proof could be used twice.
type Proofs struct{ Entries ProofEntries }

// Use records the use of a proof that another service has verified (RFC 9449 §11.1): id is the
// SHA-256 of what identifies it, and lifetime how long it could be used again. It returns
// ErrProofUsed for the second use, or the store's error.
func (p Proofs) Use(ctx context.Context, id []byte, lifetime time.Duration) error {
	if len(id) != sha256.Size || lifetime <= 0 || lifetime > maxProofLifetime {
		return errors.New("the proof has no usable identifier")
	}
	first, err := p.Entries.PutNew(ctx, "authz:proof:"+base64.RawURLEncoding.EncodeToString(id), nil, lifetime)
	if err != nil {
		return fmt.Errorf("recording a proof: %w", err)
	}
	if !first {
		return ErrProofUsed
	}
	return nil
}
