package assertion_test

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/assertion"
)

// TestARefusalSaysWhatTheProfileExpects: the algorithms of a client with the FAPI 2.0 profile, and the shape of
// the audience, whose only member is the right one.
func TestARefusalSaysWhatTheProfileExpects(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	verifier := assertion.Verifier{
		Issuer: issuer, Now: func() time.Time { return now },
		Entries: shortlived.NewMemory(shortlived.MemoryOptions{Now: func() time.Time { return now }}),
	}
	for name, row := range map[string]struct {
		signedWith, audience, registered string
		cause                            cause.Cause
		parameter, expected              string
	}{
		"RS256":                {"RS256", `"https://usher.test"`, "", cause.AssertionAlgorithm, "alg", "ES256 PS256 EdDSA"},
		"another than its own": {"EdDSA", `"https://usher.test"`, "ES256", cause.AssertionAlgorithm, "alg", "ES256"},
		"a list":               {"ES256", `["https://usher.test"]`, "", cause.AssertionAudience, "aud", "https://usher.test (a string, not a list)"},
		"a list of an endpoint": {
			"ES256", `["https://usher.test/oauth/token"]`, "", cause.AssertionAudienceEndpoint, "", "",
		},
	} {
		signer := josetest.New(t, row.signedWith, "kid")
		key, err := jose.ParseKey([]byte(signer.JWK()))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := assertion.Parse(signer.Sign(t, nil,
			`{"iss":"vdo_client_a","sub":"vdo_client_a","aud":`+row.audience+`,"exp":1800000060,"jti":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		_, err = verifier.Verify(t.Context(), parsed, assertion.Client{
			ID: clientID, Algorithm: row.registered, FAPI2: true, Keys: assertion.Registered{Valid: []jose.Key{key}},
		})
		parameter, expected := cause.Expected(err)
		if cause.Of(err) != row.cause || parameter != row.parameter || expected != row.expected {
			t.Errorf("%s: %v expects %s %q, want %s %q", name, cause.Of(err), parameter, expected, row.parameter, row.expected)
		}
	}
}
