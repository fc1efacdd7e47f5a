package enforce

import (
	"hash/crc32"
	"strings"
)

// Kind is the kind of a token. Its values are the numbers of usher.token.v1.TokenKind, so that a
// kind is converted to the proto's by its number, and from it by KindNumbered.
type Kind uint8

// The kinds. The zero value authorizes nothing.
const (
	// AccessToken is an OAuth access token, `vdo_oat_…`, restricted by its scopes.
	AccessToken Kind = iota + 1
	// APIKey is a workspace's API key, `vdo_live_…`, that neither scopes nor addresses restrict.
	APIKey
	// UserToken is a token of the VIDIZMO API, which authorizes no endpoint of the catalog.
	UserToken
	// RefreshToken is an OAuth refresh token, `vdo_ort_…`, which authorizes nothing and which
	// introspection never returns.
	RefreshToken
	// ServiceToken is an access token that a client got for itself, `vdo_oat_…` too: it acts for no
	// user, and is restricted by its scopes.
	ServiceToken
	// RestrictedAPIKey is an API key, `vdo_live_…` too, that is restricted by scopes, by Addresses or by
	// both.
	RestrictedAPIKey
)

// IsAPIKey reports whether the kind is that of a workspace's key: it belongs to no user and no client.
func (k Kind) IsAPIKey() bool { return k == APIKey || k == RestrictedAPIKey }

// Scoped reports whether tokens of the kind are restricted by their scopes and their audience.
func (k Kind) Scoped() bool { return k == AccessToken || k == ServiceToken }

// String returns the kind's name on the wire: `access_token`, `api_key`, `user_token`, `refresh_token`,
// `service_token`, `restricted_api_key`, or `unknown`.
func (k Kind) String() string {
	switch k {
	case AccessToken:
		return "access_token"
	case APIKey:
		return "api_key"
	case UserToken:
		return "user_token"
	case RefreshToken:
		return "refresh_token"
	case ServiceToken:
		return "service_token"
	case RestrictedAPIKey:
		return "restricted_api_key"
	}
	return "unknown"
}

// KindNumbered returns the kind with a number of usher.token.v1.TokenKind; zero for a number that
// this version does not define.
func KindNumbered(number int32) Kind {
	if number < 0 || number > int32(RestrictedAPIKey) {
		return 0
	}
	return Kind(number)
}

// The formats of a token (docs/wire-contract.md §3): a prefix, 43 base62 characters and 6 more of
// CRC-32 over all before them; or, for a user token, 112 bytes as 180 characters of base32.
const (
	accessPrefix   = "vdo_oat_"
	keyPrefix      = "vdo_live_"
	randomLength   = 43
	checksumLength = 6
	userLength     = 180
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// MaxTokenLength is the length of the longest token, in bytes.
const MaxTokenLength = userLength

// PossibleLength reports whether a token can have a length, in bytes. It is cheaper than KindOf.
func PossibleLength(n int) bool {
	switch n - randomLength - checksumLength {
	case len(accessPrefix), len(keyPrefix):
		return true
	}
	return n == userLength
}

// KindOf returns the kind of a token by its format: prefix, length, alphabet and checksum; zero for
// a string that cannot be a token. A service token has the format of an AccessToken, and a restricted
// API key that of an APIKey. It does not
// check whether the token was issued, and saves a lookup of one that cannot have been.
func KindOf(token string) Kind {
	switch {
	case prefixed(token, accessPrefix):
		return AccessToken
	case prefixed(token, keyPrefix):
		return APIKey
	case prefixed(token, RefreshTokenPrefix):
		return RefreshToken
	case len(token) == userLength && isBase32(token):
		return UserToken
	}
	return 0
}

// prefixed reports whether s has the format with the prefix: base62 after it, which ends in the
// checksum of the rest.
func prefixed(s, prefix string) bool {
	if len(s) != len(prefix)+randomLength+checksumLength || !strings.HasPrefix(s, prefix) {
		return false
	}
	for i := len(prefix); i < len(s); i++ {
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

// isBase32 reports whether 180 characters are the base32 of 112 bytes, whose last character has
// four unused bits, which are zero.
func isBase32(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	last := s[len(s)-1]
	return last == 'A' || last == 'Q'
}
