package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
)

// ErrHashLength is a stored hash of the wrong length.
var ErrHashLength = errors.New("hash is not 32 bytes long")

// Hash is the SHA-256 of a secret with at least 256 random bits. Such a secret cannot be guessed,
// so the hash needs neither salt nor work factor and may be stored.
type Hash [sha256.Size]byte

// Sum hashes s. It runs at every token validation, so the bytes of the longest credential (180,
// docs/wire-contract.md §3) are kept on the stack.
func Sum(s string) Hash {
	var stack [192]byte
	return sha256.Sum256(append(stack[:0], s...))
}

// HashFromBytes converts the bytes of a stored hash. It returns ErrHashLength.
func HashFromBytes(b []byte) (Hash, error) {
	if len(b) != sha256.Size {
		return Hash{}, ErrHashLength
	}
	return Hash(b), nil
}

// Bytes returns a copy of the hash for a store.
func (h Hash) Bytes() []byte { return h[:] }

// Equal compares two hashes in constant time.
func Equal(a, b Hash) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
