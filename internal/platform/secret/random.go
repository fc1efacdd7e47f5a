package secret

import (
	"crypto/rand"
	"encoding/base64"
)

const (
	codeBytes  = 32
	codeLength = 43
	idLength   = 22
)

// NewCode generates 256 random bits as 43 base64url characters: authorization codes, session
// values, browser values and CSRF seeds.
func NewCode() String {
	var b [codeBytes]byte
	fill(b[:])
	return New(base64.RawURLEncoding.EncodeToString(b[:]))
}

// ValidCode reports whether s has the format of NewCode, so that anything else is refused before it
// is hashed or looked up.
func ValidCode(s string) bool {
	if len(s) != codeLength {
		return false
	}
	// The decoder skips line breaks, so the number of bytes decides, not the absence of an error.
	n, err := base64.RawURLEncoding.Strict().Decode(make([]byte, codeBytes), []byte(s))
	return err == nil && n == codeBytes
}

// NewID generates an identifier: the prefix ("usr_") and 22 base62 characters, 131 random bits. An
// identifier is not a secret.
func NewID(prefix string) string {
	b := make([]byte, 0, len(prefix)+idLength)
	return string(appendRandom(append(b, prefix...), idLength))
}

// appendRandom appends n base62 characters, each equally likely: of the 64 values of six bits, the
// two without a character are discarded.
func appendRandom(b []byte, n int) []byte {
	var pool [64]byte
	for n > 0 {
		fill(pool[:])
		for _, r := range pool {
			if r &= 63; r < 62 && n > 0 {
				b = append(b, alphabet[r])
				n--
			}
		}
	}
	return b
}

// fill returns no error: crypto/rand ends the program if the system provides no randomness.
func fill(b []byte) { _, _ = rand.Read(b) }
