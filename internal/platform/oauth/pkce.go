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
// does not allow. The challenge must be a base64url text of 32 bytes. The caller decides whether a
// request may omit both.
func CheckChallenge(challenge, method string) error {
	switch {
	case challenge == "":
		return ErrChallengeMissing
	case method != challengeMethod:
		return ErrChallengeMethod
	case len(challenge) != challengeLength:
		return ErrChallengeMalformed
	}
	// Strict refuses unused bits that are not zero. The decoder skips line breaks, which the check
	// of the length detects.
	n, err := base64.RawURLEncoding.Strict().Decode(make([]byte, sha256.Size), []byte(challenge))
	if err != nil || n != sha256.Size {
		return ErrChallengeMalformed
	}
	return nil
}

// VerifyS256 checks the verifier of a token request against the challenge of its authorization
// request (RFC 7636 §4.6), in constant time. No verifier matches an empty challenge.
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
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}
