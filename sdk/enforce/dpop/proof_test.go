package dpop_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

func TestRFC9449_4_3_AProofOfEveryAlgorithmIsAccepted(t *testing.T) {
	for _, algorithm := range dpop.Algorithms() {
		s := newSigner(t, algorithm)
		first, err := dpop.Verify(s.proof(t, claims()), request())
		if err != nil || first.Algorithm != algorithm || len(first.Thumbprint) != 43 {
			t.Errorf("%s: %+v, %v", algorithm, first, err)
		}
		again, _ := dpop.Verify(s.proof(t, claims("more", []int{1})), request())
		other, _ := dpop.Verify(s.proof(t, claims("jti", "another id")), request())
		if again.ID != first.ID || other.ID == first.ID || other.Thumbprint != first.Thumbprint {
			t.Errorf("%s: the identifiers do not tell proofs apart", algorithm)
		}
	}
}

// TestRFC7638_TheThumbprintIsThatOfTheKeyAlone: other members of the JWK do not change it.
func TestRFC7638_TheThumbprintIsThatOfTheKeyAlone(t *testing.T) {
	s := newSigner(t, "ES256")
	key := s.jwk()
	canonical := `{"crv":"P-256","kty":"EC","x":"` + key["x"].(string) + `","y":"` + key["y"].(string) + `"}` //nolint:forcetypeassert,errcheck // set above
	sum := sha256.Sum256([]byte(canonical))
	for _, more := range [][]any{nil, {"kid", "a name", "use", "sig", "alg", "ES256"}} {
		got, err := dpop.Verify(s.proof(t, claims(), "jwk", replaced(s.jwk(), more)), request())
		if err != nil || got.Thumbprint != text(sum[:]) {
			t.Errorf("with %v: %s, %v", more, got.Thumbprint, err)
		}
	}
}

func TestN13_1_AProofThatIsNotExactlyOneIsRefused(t *testing.T) {
	s, other := newSigner(t, "ES256"), newSigner(t, "ES256")
	good := s.proof(t, claims())
	parts := strings.Split(good, ".")
	header := encode(t, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": s.jwk()})
	weak := newSigner(t, "RS256")
	withKey := func(change ...any) string { return s.proof(t, claims(), "jwk", replaced(s.jwk(), change)) }
	for name, row := range map[string]struct {
		proof string
		want  dpop.Fault
	}{
		"empty":                     {"", dpop.Malformed},
		"two parts":                 {parts[0] + "." + parts[1], dpop.Malformed},
		"four parts":                {good + ".x", dpop.Malformed},
		"an empty part":             {parts[0] + ".." + parts[2], dpop.Malformed},
		"a line break":              {good + "\n", dpop.Malformed},
		"padding":                   {good + "=", dpop.Malformed},
		"too long":                  {s.proof(t, claims("more", strings.Repeat("x", dpop.MaxLength))), dpop.Malformed},
		"a header that is a list":   {s.sign(t, "[]", encode(t, claims())), dpop.Malformed},
		"text behind the object":    {s.sign(t, header+"{}", encode(t, claims())), dpop.Malformed},
		"a member twice":            {s.sign(t, header, `{"jti":"a","jti":"b","htm":"POST","htu":"https://api.test/oauth/token","iat":1900000000}`), dpop.Malformed},
		"a member twice, escaped":   {s.sign(t, header, `{"htm":"GET","\u0068tm":"POST","jti":"a","htu":"https://api.test/oauth/token","iat":1900000000}`), dpop.Malformed},
		"a member of the key twice": {s.sign(t, strings.Replace(header, `"kty"`, `"kty":"OKP","kty"`, 1), encode(t, claims())), dpop.Malformed},
		"not UTF-8":                 {s.sign(t, header, "{\"jti\":\"\xff\"}"), dpop.Malformed},
		"a critical header":         {s.proof(t, claims(), "crit", []string{"b64"}, "b64", false), dpop.Malformed},
		"a number as htu":           {s.proof(t, claims("htu", 1)), dpop.Malformed},
		"a list as htm":             {s.proof(t, claims("htm", []string{"POST"})), dpop.Malformed},
		"null as jti":               {s.sign(t, header, `{"jti":null}`), dpop.Malformed},
		"a text as iat":             {s.proof(t, claims("iat", "1900000000")), dpop.Malformed},
		"null as iat":               {s.sign(t, header, `{"jti":"a","htm":"POST","htu":"https://api.test/oauth/token","iat":null}`), dpop.Malformed},
		"a text as key":             {s.proof(t, claims(), "jwk", "key"), dpop.Malformed},
		"a number as alg":           {s.proof(t, claims(), "alg", 1), dpop.Malformed},
		"no key":                    {s.proof(t, claims(), "jwk", nil), dpop.Malformed},
		"typ JWT":                   {s.proof(t, claims(), "typ", "JWT"), dpop.Type},
		"typ in capitals":           {s.proof(t, claims(), "typ", "DPOP+JWT"), dpop.Type},
		"no typ":                    {s.proof(t, claims(), "typ", nil), dpop.Type},
		"Typ":                       {s.proof(t, claims(), "typ", nil, "Typ", "dpop+jwt"), dpop.Type},
		"alg none":                  {s.proof(t, claims(), "alg", "none"), dpop.Algorithm},
		"HMAC":                      {s.proof(t, claims(), "alg", "HS256"), dpop.Algorithm},
		"ES384":                     {s.proof(t, claims(), "alg", "ES384"), dpop.Algorithm},
		"no alg":                    {s.proof(t, claims(), "alg", nil), dpop.Algorithm},
		"a private key":             {withKey("d", "AAAA"), dpop.Key},
		"a private key of null":     {withKey("d", map[string]any{}), dpop.Key},
		"a symmetric key":           {withKey("kty", "oct", "k", "AAAA"), dpop.Key},
		"a key to encrypt":          {withKey("use", "enc"), dpop.Key},
		"a key of another alg":      {withKey("alg", "RS256"), dpop.Key},
		"an RSA key for ES256":      {s.proof(t, claims(), "jwk", weak.jwk()), dpop.Key},
		"another curve":             {withKey("crv", "P-384"), dpop.Key},
		"a point off the curve":     {withKey("x", text(make([]byte, 32))), dpop.Key},
		"a short coordinate":        {withKey("x", text(make([]byte, 31))), dpop.Key},
		"a small modulus":           {weak.proof(t, claims(), "jwk", map[string]any{"kty": "RSA", "n": text(append([]byte{255}, make([]byte, 127)...)), "e": "AQAB"}), dpop.Key},
		"a large modulus":           {weak.proof(t, claims(), "jwk", map[string]any{"kty": "RSA", "n": text(append([]byte{255}, make([]byte, 512)...)), "e": "AQAB"}), dpop.Key},
		"a large exponent":          {weak.proof(t, claims(), "jwk", replaced(weak.jwk(), []any{"e", "AQAD"})), dpop.Key},
		"an even exponent":          {weak.proof(t, claims(), "jwk", replaced(weak.jwk(), []any{"e", "BA"})), dpop.Key},
		"an exponent of 1":          {weak.proof(t, claims(), "jwk", replaced(weak.jwk(), []any{"e", "AQ"})), dpop.Key},
		"a leading zero":            {weak.proof(t, claims(), "jwk", replaced(weak.jwk(), []any{"e", "AAEAAQ"})), dpop.Key},
		"another key":               {s.proof(t, claims(), "jwk", other.jwk()), dpop.Signature},
		"a changed payload":         {parts[0] + "." + text([]byte(encode(t, claims("jti", "b")))) + "." + parts[2], dpop.Signature},
		"a zero signature":          {parts[0] + "." + parts[1] + "." + text(make([]byte, 64)), dpop.Signature},
		"a long signature":          {parts[0] + "." + parts[1] + "." + text(make([]byte, 65)), dpop.Signature},
		"RS256 as PS256":            {weak.proof(t, claims(), "alg", "PS256"), dpop.Signature},
		"htm GET":                   {s.proof(t, claims("htm", "GET")), dpop.Method},
		"htm in lower case":         {s.proof(t, claims("htm", "post")), dpop.Method},
		"no htm":                    {s.proof(t, claims("htm", nil)), dpop.Method},
		"another URL":               {s.proof(t, claims("htu", "https://api.test/oauth/par")), dpop.URL},
		"another host":              {s.proof(t, claims("htu", "https://evil.test/oauth/token")), dpop.URL},
		"http":                      {s.proof(t, claims("htu", "http://api.test/oauth/token")), dpop.URL},
		"no htu":                    {s.proof(t, claims("htu", nil)), dpop.URL},
		"a user in htu":             {s.proof(t, claims("htu", "https://api.test@evil.test/oauth/token")), dpop.URL},
		"61 seconds ago":            {s.proof(t, claims("iat", now.Unix()-61)), dpop.Time},
		"in 61 seconds":             {s.proof(t, claims("iat", now.Unix()+61)), dpop.Time},
		"no iat":                    {s.proof(t, claims("iat", nil)), dpop.Time},
		"a huge iat":                {s.proof(t, claims("iat", 1e300)), dpop.Time},
		"no jti":                    {s.proof(t, claims("jti", nil)), dpop.ID},
		"an empty jti":              {s.proof(t, claims("jti", "")), dpop.ID},
		"a long jti":                {s.proof(t, claims("jti", strings.Repeat("x", dpop.MaxID+1))), dpop.ID},
	} {
		_, err := dpop.Verify(row.proof, request())
		var refused *dpop.Error
		if !errors.As(err, &refused) || refused.Fault != row.want {
			t.Errorf("%s: %v, want that it %s", name, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "api.test") {
			t.Errorf("%s: the error repeats the proof: %v", name, err)
		}
	}
	for _, iat := range []int64{now.Unix() - 60, now.Unix() - 10, now.Unix() + 10, now.Unix() + 60} {
		if _, err := dpop.Verify(s.proof(t, claims("iat", iat)), request()); err != nil {
			t.Errorf("an iat %d s from now: %v", iat-now.Unix(), err)
		}
	}
}

// TestRFC9449_4_3_TheURLIsNormalized by the syntax and the scheme (RFC 3986 §6.2.2, §6.2.3), without
// query and fragment.
func TestRFC9449_4_3_TheURLIsNormalized(t *testing.T) {
	s := newSigner(t, "EdDSA")
	for configured, sent := range map[string][]string{
		"https://api.test/oauth/token": {
			"https://api.test/oauth/token?a=b", "https://api.test/oauth/token#a", "HTTPS://API.test/oauth/token", "https://api.test:443/oauth/token",
			"https://api.test:/oauth/token", "https://api.test/oauth/%74oken", "https://api.test/x/../oauth/./token", "https://api.test/../oauth/token",
		},
		"http://127.0.0.1:80":     {"http://127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1:80/?"},
		"https://api.test/a%2fb/": {"https://api.test/a%2Fb/", "https://api.test/a%2fb/c/.."},
	} {
		for _, htu := range sent {
			r := request()
			r.URL = configured
			if _, err := dpop.Verify(s.proof(t, claims("htu", htu)), r); err != nil {
				t.Errorf("%s for %s: %v", htu, configured, err)
			}
		}
	}
	for _, htu := range []string{
		"https://api.test/oauth/token/", "https://api.test/OAUTH/token", "https://api.test:444/oauth/token", "https://api.test/oauth%2Ftoken",
		"//api.test/oauth/token", "/oauth/token", "https://api.test/oauth/token ", "https://api.test\\oauth\\token", "https:api.test/oauth/token",
		"https://api.test/oauth//token", "https://api.test./oauth/token", "ftp://api.test/oauth/token",
	} {
		if _, err := dpop.Verify(s.proof(t, claims("htu", htu)), request()); err == nil {
			t.Errorf("%s is accepted", htu)
		}
	}
}

func TestRFC9449_4_2_TheProofIsForTheTokenBesideIt(t *testing.T) {
	s, sum := newSigner(t, "ES256"), sha256.Sum256([]byte("a token"))
	r := request()
	r.AccessToken = "a token"
	if _, err := dpop.Verify(s.proof(t, claims("ath", text(sum[:]))), r); err != nil {
		t.Error(err)
	}
	other := sha256.Sum256([]byte("another"))
	for _, ath := range []any{nil, "", text(other[:]), text(sum[:]) + "A", "a token"} {
		var refused *dpop.Error
		if _, err := dpop.Verify(s.proof(t, claims("ath", ath)), r); !errors.As(err, &refused) || refused.Fault != dpop.Token {
			t.Errorf("ath %v: %v", ath, err)
		}
	}
}

// FuzzVerify: no text panics, and one that is accepted has one reading.
func FuzzVerify(f *testing.F) {
	s := newSigner(f, "ES256")
	f.Add(s.proof(f, claims()))
	f.Add("a.b.c")
	header := encode(f, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": s.jwk()})
	f.Add(text([]byte(header)) + "." + text([]byte(encode(f, claims()))) + "." + text(make([]byte, 64)))
	f.Fuzz(func(t *testing.T, proof string) {
		got, err := dpop.Verify(proof, request())
		if again, _ := dpop.Verify(proof, request()); err == nil && (len(got.Thumbprint) != 43 || again != got) {
			t.Errorf("%q is %+v and %+v", proof, got, again)
		}
	})
}

// FuzzHeaderAndClaims: no header and no claims that are signed cause a panic, and no claim is read
// that is there twice.
func FuzzHeaderAndClaims(f *testing.F) {
	s := newSigner(f, "EdDSA")
	f.Add(encode(f, map[string]any{"typ": "dpop+jwt", "alg": "EdDSA", "jwk": s.jwk()}), encode(f, claims()))
	f.Add(`{"typ":"dpop+jwt","alg":"RS256","jwk":{"kty":"RSA","n":"AA","e":"AA"}}`, `{"htu":"http://[::1]:80/%2e%2e/","iat":1e999}`)
	f.Fuzz(func(t *testing.T, header, payload string) {
		if _, err := dpop.Verify(s.sign(t, header, payload), request()); err == nil && strings.Count(payload, `"jti"`) > 1 &&
			strings.Count(payload, ":") == 4 {
			t.Errorf("%q has a member twice", payload)
		}
	})
}

// BenchmarkVerify is the cost of one request with a bound token beyond that of a bearer token.
func BenchmarkVerify(b *testing.B) {
	sum := sha256.Sum256([]byte("a token"))
	for _, algorithm := range dpop.Algorithms() {
		s, r := newSigner(b, algorithm), request()
		r.AccessToken = "a token"
		proof := s.proof(b, claims("ath", text(sum[:])))
		b.Run(algorithm, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := dpop.Verify(proof, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
