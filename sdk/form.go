package usher

import (
	"hash/crc32"
	"strings"
)

// The forms of a token (docs/wire-contract.md §3): a prefix, 43 base62 characters and 6 more of CRC-32 over all that stands
// before; or 180 characters of base32.
const (
	accessPrefix   = "vdo_oat_"
	keyPrefix      = "vdo_live_"
	randomLength   = 43
	checksumLength = 6
	accessLength   = len(accessPrefix) + randomLength + checksumLength
	keyLength      = len(keyPrefix) + randomLength + checksumLength
	userLength     = 180
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// possibleLength is the cheap half of wellFormed: it bounds what is hashed.
func possibleLength(n int) bool { return n == accessLength || n == keyLength || n == userLength }

// wellFormed reports whether s can be a token at all. It says nothing about whether it was ever issued; it spares the token
// service the question about what cannot be.
func wellFormed(s string) bool {
	switch {
	case len(s) == accessLength && strings.HasPrefix(s, accessPrefix):
		return checked(s, len(accessPrefix))
	case len(s) == keyLength && strings.HasPrefix(s, keyPrefix):
		return checked(s, len(keyPrefix))
	}
	return len(s) == userLength && isBase32(s)
}

// checked reports whether s is base62 behind its prefix and ends with the checksum of the rest.
func checked(s string, prefix int) bool {
	for i := prefix; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	body := len(s) - checksumLength
	sum := crc32.ChecksumIEEE([]byte(s[:body]))
	for i := len(s) - 1; i >= body; i-- {
		if s[i] != base62[sum%62] {
			return false
		}
		sum /= 62
	}
	return true
}

func isBase32(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
