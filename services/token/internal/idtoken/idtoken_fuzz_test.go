package idtoken_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/services/token/internal/idtoken"
)

const issuer = "https://usher.test"

// keys are one key pair, whose signatures are accepted.
type keys struct{ public []jose.Key }

func (keys) Sign(string, string, any) (string, error) { return "", errors.New("not used") }
func (k keys) Verifying() []jose.Key                  { return k.public }
func (keys) Now() time.Time                           { return time.Unix(1_800_000_000, 0) }

// noUsers has no pairwise subjects.
type noUsers struct{}

func (noUsers) UserOfSubject(context.Context, string, string) (string, error) {
	return "", idtoken.ErrInvalid
}

func newIssuer(f *testing.F) (idtoken.Issuer, josetest.Signer) {
	f.Helper()
	signer := josetest.New(f, "ES256", "kid")
	key, err := jose.ParseKey([]byte(signer.JWK()))
	if err != nil {
		f.Fatal(err)
	}
	return idtoken.Issuer{Keys: keys{[]jose.Key{key}}, Users: noUsers{}, Name: issuer}, signer
}

const validClaims = `{"iss":"https://usher.test","sub":"usr_a","aud":"app","exp":1800003600,"iat":1800000000,"sid":"s"}`

// FuzzCheck: any text is an ID token of this server, or refused as none.
func FuzzCheck(f *testing.F) {
	i, signer := newIssuer(f)
	valid := signer.Sign(f, map[string]any{"typ": "JWT"}, validClaims)
	parts := strings.Split(valid, ".")
	f.Add(valid)
	f.Add(parts[0] + "." + parts[1] + ".")
	f.Add("eyJhbGciOiJub25lIiwidHlwIjoiSldUIiwia2lkIjoia2lkIn0." + parts[1] + ".")
	f.Add(josetest.HMAC([]byte(signer.JWK()), "kid").Sign(f, map[string]any{"typ": "JWT"}, validClaims))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		hint, err := i.Check(t.Context(), text)
		if err == nil && (text != valid || hint.ClientID != "app" || hint.UserID != "usr_a") || err != nil && !errors.Is(err, idtoken.ErrInvalid) {
			t.Errorf("%q is %+v, %v", text, hint, err)
		}
	})
}

// FuzzHeaderAndClaims: signed by this server, a JWT is an ID token only with the type of one, and with claims
// that are there once.
func FuzzHeaderAndClaims(f *testing.F) {
	i, signer := newIssuer(f)
	f.Add("JWT", validClaims)
	f.Add("logout+jwt", `{"iss":"https://usher.test","sub":"usr_a","aud":"app","jti":"x","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}`)
	f.Add("dpop+jwt", validClaims)
	f.Add("JWT", `{"iss":"https://usher.test","sub":"usr_a","aud":["app"]}`)
	f.Add("JWT", `{"iss":"https://usher.test","sub":"usr_a","sub":"usr_b","aud":"app"}`)
	f.Add("JWT", `{"ISS":"https://usher.test","sub":"usr_a","aud":"app"}`)
	f.Add("JWT", `null`)
	f.Fuzz(func(t *testing.T, typ, claims string) {
		hint, err := i.Check(t.Context(), signer.Sign(t, map[string]any{"typ": typ}, claims))
		if err != nil {
			if !errors.Is(err, idtoken.ErrInvalid) {
				t.Errorf("%s of type %q: %v", claims, typ, err)
			}
			return
		}
		var read map[string]any
		if err := json.Unmarshal([]byte(claims), &read); err != nil || typ != "JWT" || read["iss"] != issuer ||
			read["aud"] != hint.ClientID || read["sub"] != hint.UserID || hint.ClientID == "" || hint.UserID == "" {
			t.Errorf("%s of type %q is %+v, %v", claims, typ, hint, err)
		}
	})
}
