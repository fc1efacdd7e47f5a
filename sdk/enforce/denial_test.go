package enforce_test

import (
	"slices"
	"testing"

	"github.com/vidocu/usher/sdk/enforce"
)

func TestEachDenialHasItsHeaders(t *testing.T) {
	body := []enforce.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "Cache-Control", Value: "no-store"}}
	for name, row := range map[string]struct {
		denial *enforce.Denial
		more   []enforce.Header
	}{
		"a challenge with a nonce": {
			&enforce.Denial{Status: 401, Challenge: "DPoP", Nonce: "n"}, []enforce.Header{{Name: "WWW-Authenticate", Value: "DPoP"}, {Name: "DPoP-Nonce", Value: "n"}},
		},
		"no decision":        {enforce.Unavailable(), []enforce.Header{{Name: "Retry-After", Value: enforce.RetryAfter}}},
		"no response of API": {&enforce.Denial{Status: 502, Code: enforce.CodeUnavailable}, nil},
	} {
		if got, want := row.denial.Headers(), slices.Concat(body, row.more); !slices.Equal(got, want) {
			t.Errorf("%s: the headers are %v, want %v", name, got, want)
		}
	}
}
