package grant

import (
	"crypto/sha256"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// ErrInvalidProof is RFC 9449 §5 invalid_dpop_proof: a ProofError.
var ErrInvalidProof = errors.New("invalid DPoP proof")

// ProofError is an ErrInvalidProof that says what is wrong.
type ProofError struct {
	Problem string
	// Nonce is what the next proof must have; empty where a nonce is not the problem.
	Nonce string
}

// Error says what is wrong with the proof; it repeats nothing of it.
func (e *ProofError) Error() string { return e.Problem }

// Unwrap is ErrInvalidProof.
func (*ProofError) Unwrap() error { return ErrInvalidProof }

// InvalidProof returns a ProofError with its cause.
func InvalidProof(why cause.Cause, problem string) error {
	return cause.With(&ProofError{Problem: problem}, why)
}

// Proof is the verified DPoP proof of a request (RFC 9449 §4); zero for a request without one.
type Proof struct {
	// Key is the thumbprint of its key.
	Key       string
	Algorithm string
	// ID identifies the proof. Clients.Authenticate spends it; a nil one is spent already.
	ID *[sha256.Size]byte
}

// checkProof refuses a request without a proof from a client that must send one, and a proof that the
// client's profile does not allow.
func checkProof(client Client, proof Proof) error {
	switch {
	case proof.Key == "" && client.DPoPRequired:
		return InvalidProof(cause.ProofMissing, "the client must send a DPoP proof: its tokens are bound to a key")
	case client.FAPI2 && oauth.FAPI2Excludes(proof.Algorithm):
		return InvalidProof(cause.ProofAlgorithm, "the DPoP proof must not be signed with RS256")
	}
	return nil
}

// refreshKey returns the key that the refresh token is bound to: a confidential client's is bound to
// its authentication instead (RFC 9449 §5).
func refreshKey(client Client, proof Proof) string {
	if client.Public {
		return proof.Key
	}
	return ""
}
