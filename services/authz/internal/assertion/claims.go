package assertion

import (
	"math"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// claims are those that are read (RFC 7519 §4.1). Other claims are ignored.
type claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	ID        string   `json:"jti"`
	ExpiresAt *float64 `json:"exp"`
	IssuedAt  *float64 `json:"iat"`
	NotBefore *float64 `json:"nbf"`
}

// audience is the claim aud: a string, or a list of strings.
type audience struct {
	values []string
	list   bool
}

// UnmarshalJSON parses both forms.
func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if jose.UnmarshalJSON(text, &one) == nil {
		*a = audience{values: []string{one}}
		return nil
	}
	a.list = true
	return jose.UnmarshalJSON(text, &a.values)
}

// parseClaims parses a payload: one JSON object in which no member appears twice.
func parseClaims(payload []byte) (claims, error) {
	var read claims
	if err := jose.UnmarshalJSON(payload, &read); err != nil {
		return claims{}, refuse(cause.AssertionMalformed)
	}
	return read, nil
}

// timeOf converts a NumericDate: seconds since 1970, which may have a fraction. A number that no
// clock shows becomes the nearest time that can be compared.
func timeOf(seconds float64) time.Time {
	const furthest = 1 << 40 // the year 36812
	return time.UnixMicro(int64(math.Max(-furthest, math.Min(furthest, seconds)) * 1e6))
}

// mediaType returns a header's typ in lower case, without the prefix that RFC 7515 §4.1.9 recommends
// to omit.
func mediaType(typ string) string { return strings.TrimPrefix(strings.ToLower(typ), "application/") }
