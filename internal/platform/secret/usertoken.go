package secret

import "encoding/base32"

const (
	userTokenBytes  = 112
	userTokenLength = 180
)

// NewUserToken generates a token of VIDIZMO's user API: 112 random bytes as 180 characters of
// base32 (RFC 4648 §6), unpadded (docs/wire-contract.md §3). It has neither a prefix nor a checksum;
// it cannot be confused with a credential that has a prefix, since base32 has no underscore.
func NewUserToken() String {
	var b [userTokenBytes]byte
	fill(b[:])
	return New(userTokenEncoding().EncodeToString(b[:]))
}

// ValidUserToken reports whether s has the format of NewUserToken: length, alphabet, and no bit
// beyond the last byte. It does not check whether s was issued.
func ValidUserToken(s string) bool {
	if len(s) != userTokenLength {
		return false
	}
	for i := range len(s) {
		if !isBase32(s[i]) {
			return false
		}
	}
	// 180 characters hold four bits more than 112 bytes.
	last := s[len(s)-1]
	return last == 'A' || last == 'Q'
}

func isBase32(c byte) bool { return 'A' <= c && c <= 'Z' || '2' <= c && c <= '7' }

func userTokenEncoding() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }
