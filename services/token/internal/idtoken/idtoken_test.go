package idtoken_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/services/token/internal/idtoken"
)

// pairwise knows one user of one client by a pairwise subject.
type pairwise struct{}

func (pairwise) UserOfSubject(_ context.Context, clientID, subject string) (string, error) {
	if clientID == "app" && subject == "pair_john" {
		return "usr_john", nil
	}
	return "", idtoken.ErrInvalid
}

// TestOIDCCore_3_1_2_1_AHintIsAnIDTokenAsThisServerIssuesIt: with a key identifier, of this issuer, for one
// client and one user, of a bounded size. It may have expired. A pairwise subject is its client's alone.
func TestOIDCCore_3_1_2_1_AHintIsAnIDTokenAsThisServerIssuesIt(t *testing.T) {
	signer := josetest.New(t, "ES256", "kid")
	key, err := jose.ParseKey([]byte(signer.JWK()))
	if err != nil {
		t.Fatal(err)
	}
	i := idtoken.Issuer{Keys: keys{[]jose.Key{key}}, Users: pairwise{}, Name: issuer}
	for name, row := range map[string]struct {
		header, claims map[string]any
		user           string
	}{
		"as it is issued":                  {nil, nil, "usr_a"},
		"expired":                          {nil, map[string]any{"exp": 1_700_000_000}, "usr_a"},
		"a pairwise subject":               {nil, map[string]any{"sub": "pair_john"}, "usr_john"},
		"another client's subject":         {nil, map[string]any{"sub": "pair_john", "aud": "other"}, ""},
		"a pairwise subject of no grant":   {nil, map[string]any{"sub": "pair_jane"}, ""},
		"without the key's identifier":     {map[string]any{"kid": nil}, nil, ""},
		"of another type":                  {map[string]any{"typ": "at+jwt"}, nil, ""},
		"of another issuer":                {nil, map[string]any{"iss": "https://other.test"}, ""},
		"without an audience":              {nil, map[string]any{"aud": ""}, ""},
		"without a subject":                {nil, map[string]any{"sub": ""}, ""},
		"larger than this server's tokens": {nil, map[string]any{"sid": strings.Repeat("s", 8<<10)}, ""},
	} {
		header := map[string]any{"typ": "JWT"}
		claims := map[string]any{"iss": issuer, "sub": "usr_a", "aud": "app", "exp": 1_800_003_600, "iat": 1_800_000_000, "sid": "s"}
		for member, value := range row.header {
			header[member] = value
		}
		for claim, value := range row.claims {
			claims[claim] = value
		}
		hint, err := i.Check(t.Context(), signer.Sign(t, header, claims))
		switch {
		case row.user == "" && !errors.Is(err, idtoken.ErrInvalid):
			t.Errorf("%s: %+v, %v; want ErrInvalid", name, hint, err)
		case row.user != "" && (err != nil || hint != idtoken.Hint{ClientID: "app", UserID: row.user, SessionID: "s"}):
			t.Errorf("%s: %+v, %v; want %s", name, hint, err, row.user)
		}
	}
}
