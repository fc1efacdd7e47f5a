package jose_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/jose"
)

// TestAnRSAKeyIsBounded: a key of 8192 bits made each signature sixty times as expensive to verify, and
// the message for one of more than 4096 named no length.
func TestAnRSAKeyIsBounded(t *testing.T) {
	key := func(bits int, exponent string) string {
		modulus := bytes.Repeat([]byte{0xff}, bits/8)
		return fmt.Sprintf(`{"kty":"RSA","n":"%s","e":"%s"}`, base64.RawURLEncoding.EncodeToString(modulus), exponent)
	}
	for name, row := range map[string]struct{ jwk, problem string }{
		"2048 bits":           {key(2048, "AQAB"), ""},
		"4096 bits":           {key(4096, "AQAB"), ""},
		"an exponent of 3":    {key(2048, "Aw"), ""},
		"1024 bits":           {key(1024, "AQAB"), "of 1024 bits, and must have 2048 to 4096"},
		"4104 bits":           {key(4104, "AQAB"), "of 4104 bits, and must have 2048 to 4096"},
		"8192 bits":           {key(8192, "AQAB"), "of 8192 bits, and must have 2048 to 4096"},
		"an exponent of 2":    {key(2048, "Ag"), "an odd number from 3 to 65537"},
		"an even exponent":    {key(2048, "BA"), "an odd number from 3 to 65537"},
		"a large exponent":    {key(2048, "AQAD"), "an odd number from 3 to 65537"},
		"one of 31 bits":      {key(2048, "f____w"), "an odd number from 3 to 65537"},
		"a modulus of spaces": {`{"kty":"RSA","n":"   ","e":"AQAB"}`, "is not a JWK of an RSA"},
		"a number as modulus": {`{"kty":"RSA","n":3,"e":"AQAB"}`, "is not a JWK of an RSA"},
		"no modulus":          {`{"kty":"RSA","n":null,"e":"AQAB"}`, "is not a JWK of an RSA"},
	} {
		_, err := jose.ParseKey([]byte(row.jwk))
		if row.problem == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if row.problem != "" && (err == nil || !strings.Contains(err.Error(), row.problem)) {
			t.Errorf("%s: %v, want that it says %q", name, err, row.problem)
		}
	}
}
