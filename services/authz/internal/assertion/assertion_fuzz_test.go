package assertion_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/assertion"
)

const issuer, clientID = "https://usher.test", "vdo_client_a"

// FuzzParse: any text is parsed, or refused with a cause.
func FuzzParse(f *testing.F) {
	key := josetest.New(f, "EdDSA", "kid")
	f.Add(key.Sign(f, nil, `{"iss":"a","sub":"a","aud":["b"],"exp":1e300,"iat":-1,"nbf":0.5,"jti":"x"}`))
	f.Add(key.Sign(f, nil, `{"aud":{}}`))
	f.Add(key.Sign(f, map[string]any{"typ": []string{"x"}}, `null`))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := assertion.Parse(text)
		if err != nil && (!errors.Is(err, assertion.ErrInvalid) || cause.Of(err) == "") {
			t.Errorf("%q: %v without a cause", text, err)
		}
	})
}

// FuzzClaims: claims that a client signed are accepted once, or refused with a cause and not spent.
func FuzzClaims(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	signer := josetest.New(f, "EdDSA", "kid")
	key, err := jose.ParseKey([]byte(signer.JWK()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"iss":"vdo_client_a","sub":"vdo_client_a","aud":"https://usher.test","exp":1800000060,"jti":"x"}`)
	f.Add(`{"iss":"vdo_client_a","sub":"vdo_client_a","aud":["https://usher.test"],"exp":1800000360.9,"iat":1800000060,"jti":"x"}`)
	f.Add(`{"iss":"vdo_client_a","sub":"vdo_client_a","aud":"https://usher.test","exp":1e99,"jti":"x"}`)
	f.Add(`{"ISS":"vdo_client_a","iss":"b"}`)
	f.Fuzz(func(t *testing.T, claims string) {
		records := shortlived.NewMemory(shortlived.MemoryOptions{Now: func() time.Time { return now }})
		verifier := assertion.Verifier{Issuer: issuer, Entries: records, Now: func() time.Time { return now }}
		parsed, err := assertion.Parse(signer.Sign(t, nil, claims))
		if err != nil {
			return
		}
		client := assertion.Client{ID: clientID, Keys: assertion.Registered{Valid: []jose.Key{key}}}
		_, first := verifier.Verify(t.Context(), parsed, client)
		_, second := verifier.Verify(t.Context(), parsed, client)
		switch {
		case first == nil && (cause.Of(second) != cause.AssertionReplayed || parsed.Claimed != clientID):
			t.Errorf("%s is accepted, and then %v", claims, second)
		case first != nil && (!errors.Is(first, assertion.ErrInvalid) || cause.Of(first) == "" || cause.Of(first) != cause.Of(second)):
			t.Errorf("%s: %v, and then %v", claims, first, second)
		}
	})
}
