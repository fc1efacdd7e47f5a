package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
)

// Failures of CheckChallenge; all wrap ErrChallenge.
var (
	ErrChallenge          = errors.New("invalid code challenge")
	ErrChallengeMissing   = fmt.Errorf("%w: missing", ErrChallenge)
	ErrChallengeMethod    = fmt.Errorf("%w: method is not S256", ErrChallenge)
	ErrChallengeMalformed = fmt.Errorf("%w: not 43 base64url characters", ErrChallenge)
)

// Failures of VerifyS256; all wrap ErrVerifier.
var (
	ErrVerifier          = errors.New("invalid code verifier")
	ErrVerifierMissing   = fmt.Errorf("%w: missing", ErrVerifier)
	ErrVerifierMalformed = fmt.Errorf("%w: not 43 to 128 unreserved characters", ErrVerifier)
	ErrVerifierMismatch  = fmt.Errorf("%w: does not fit the challenge", ErrVerifier)
)

const (
	challengeMethod = "S256"
	challengeLength = 43
	verifierMin     = 43
	verifierMax     = 128
)

// CheckChallenge validates the two PKCE parameters of an authorization request. The method must be
// exactly "S256": an absent one would mean plain (RFC 7636 §4.3), which docs/wire-contract.md §5
// does not allow. The challenge must be 43 base64url characters, and is never decoded. The caller
// decides whether a request may omit both.
func CheckChallenge(challenge, method string) error {
	switch {
	case challenge == "":
		return ErrChallengeMissing
	case method != challengeMethod:
		return ErrChallengeMethod
	case !validChallenge(challenge):
		return ErrChallengeMalformed
	}
	return nil
}

// validChallenge follows the grammar of RFC 7636 §4.2, with the length of an S256 hash. The last
// character may have unused bits that are not zero: such a challenge is well-formed, and no verifier
// matches it.
func validChallenge(s string) bool {
	if len(s) != challengeLength {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// VerifyS256 checks the verifier of a token request against the challenge of its authorization
// request (RFC 7636 §4.6), in constant time, as strings: no verifier matches an empty challenge or
// one that is not the canonical text of its bytes.
func VerifyS256(challenge, verifier string) error {
	if verifier == "" {
		return ErrVerifierMissing
	}
	if !validVerifier(verifier) {
		return ErrVerifierMalformed
	}
	sum := sha256.Sum256([]byte(verifier))
	var want [challengeLength]byte
	base64.RawURLEncoding.Encode(want[:], sum[:])
	if subtle.ConstantTimeCompare(want[:], []byte(challenge)) != 1 {
		return ErrVerifierMismatch
	}
	return nil
}

// validVerifier follows the grammar of RFC 7636 §4.1.
func validVerifier(s string) bool {
	if len(s) < verifierMin || len(s) > verifierMax {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '.' && c != '_' && c != '~' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
}
