package jose_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// FuzzParseKey: a key that is parsed verifies a permitted algorithm, and is the same after it was
// stored.
func FuzzParseKey(f *testing.F) {
	for _, algorithm := range oauth.SigningAlgorithms() {
		f.Add(josetest.New(f, algorithm, "kid").JWK("use", "sig", "alg", algorithm, "x5c", []string{"x"}))
	}
	f.Add(`{"kty":"oct","k":"AAAA"}`)
	f.Add(`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`)
	f.Fuzz(func(t *testing.T, text string) {
		key, err := jose.ParseKey([]byte(text))
		if err != nil {
			return
		}
		if len(key.Algorithms()) == 0 || key.Type() == "" || key.ID == "" || len(key.ID) > jose.MaxKeyID {
			t.Errorf("%+v is no usable key", key)
		}
		stored, err := key.JSON()
		if err != nil || strings.Contains(string(stored), `"d"`) {
			t.Fatalf("it is stored as %s, %v", stored, err)
		}
		again, err := jose.ParseKey(stored)
		if err != nil || again.ID != key.ID || again.Type() != key.Type() || len(again.Algorithms()) != len(key.Algorithms()) {
			t.Errorf("it is stored as %s, and read as %+v, %v", stored, again, err)
		}
	})
}

// FuzzParseToken: a token that is parsed has a permitted algorithm, and no other key verifies it.
func FuzzParseToken(f *testing.F) {
	key, other := josetest.New(f, "ES256", "kid"), josetest.New(f, "ES256", "kid")
	good := key.Sign(f, nil, `{"sub":"a"}`)
	f.Add(good)
	f.Add(key.Sign(f, map[string]any{"alg": "none"}, `{}`))
	f.Add(key.Sign(f, map[string]any{"typ": "JWT", "jku": "https://a.test", "crit": []string{"x"}}, `{}`))
	f.Add("..")
	known, err := jose.ParseKey([]byte(other.JWK()))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := jose.ParseToken(text, 1<<10)
		if err != nil {
			return
		}
		if len(text) > 1<<10 || !known.Verifies("ES256") || token.Algorithm == "" || token.Algorithm == "none" {
			t.Errorf("%q has %q", text, token.Algorithm)
		}
		if _, err := token.Verify(known); err == nil {
			t.Errorf("%q is signed by a key that signed nothing", text)
		}
	})
}
