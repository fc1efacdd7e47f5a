package secret

import (
	"hash/crc32"
	"strings"
)

// Kind is a kind of credential, by its prefix (docs/wire-contract.md §3).
type Kind string

// The kinds of credential that share one format: the prefix, 43 random base62 characters (more than
// 256 bits) and 6 base62 characters of CRC-32 (IEEE) over everything before, most significant digit
// first and padded with '0'.
const (
	AccessToken  Kind = "vdo_oat_"
	RefreshToken Kind = "vdo_ort_"
	APIKey       Kind = "vdo_live_"
	ClientSecret Kind = "vdo_secret_"
	// RegistrationToken is a registration access token (RFC 7592 §3), and InitialToken an initial
	// access token (RFC 7591 §3).
	RegistrationToken Kind = "vdo_reg_"
	InitialToken      Kind = "vdo_iat_"
)

const (
	alphabet       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	randomLength   = 43
	checksumLength = 6
	longestToken   = len(ClientSecret) + randomLength + checksumLength
)

// Generate generates a new credential of the kind.
func Generate(kind Kind) String {
	b := make([]byte, 0, longestToken)
	b = append(b, kind...)
	b = appendRandom(b, randomLength)
	sum := checksum(crc32.ChecksumIEEE(b))
	return New(string(append(b, sum[:]...)))
}

// Valid reports whether s has the length, prefix, alphabet and checksum of the kind. It does not
// check whether s was issued; it saves the store the lookup of impossible values.
func Valid(kind Kind, s string) bool {
	if len(s) != len(kind)+randomLength+checksumLength || !strings.HasPrefix(s, string(kind)) {
		return false
	}
	for i := len(kind); i < len(s); i++ {
		if !isBase62(s[i]) {
			return false
		}
	}
	body := len(s) - checksumLength
	sum := checksum(crc32.ChecksumIEEE([]byte(s[:body])))
	return string(sum[:]) == s[body:]
}

func checksum(sum uint32) (digits [checksumLength]byte) {
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = alphabet[sum%62]
		sum /= 62
	}
	return digits
}

func isBase62(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
