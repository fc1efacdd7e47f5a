package oauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// The pair of RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func s256(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestRFC7636_4_3_OnlyS256(t *testing.T) {
	if err := oauth.CheckChallenge(challenge, "S256"); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"", "plain", "s256", "S512", "S256 ", "S256\x00"} {
		if err := oauth.CheckChallenge(challenge, method); !errors.Is(err, oauth.ErrChallengeMethod) || !errors.Is(err, oauth.ErrChallenge) {
			t.Errorf("method %q gives %v", method, err)
		}
	}
	for _, method := range []string{"S256", "plain", ""} {
		if err := oauth.CheckChallenge("", method); !errors.Is(err, oauth.ErrChallengeMissing) {
			t.Errorf("no challenge with method %q gives %v", method, err)
		}
	}
}

func TestRFC7636_4_2_ChallengeIs43Base64URLCharacters(t *testing.T) {
	for _, c := range []string{
		challenge, strings.Repeat("-", 43), strings.Repeat("_", 43), strings.Repeat("z", 43),
		challenge[:42] + "N", // the same 32 bytes, but for bits that the encoding leaves unused
	} {
		if err := oauth.CheckChallenge(c, "S256"); err != nil {
			t.Errorf("challenge %q gives %v", c, err)
		}
	}
	for _, c := range []string{
		challenge[:42], challenge + "A", challenge + "=", challenge[:42] + "=", "+" + challenge[1:], "/" + challenge[1:], "\x00" + challenge[1:],
		challenge[:42] + "\n", "\r\n" + challenge[2:], " " + challenge[1:], challenge[:41] + "é", "~" + challenge[1:], strings.Repeat("A", 1<<20),
		challenge[:42] + ".", "@" + challenge[1:], "[" + challenge[1:], "`" + challenge[1:], "{" + challenge[1:], ":" + challenge[1:],
	} {
		if err := oauth.CheckChallenge(c, "S256"); !errors.Is(err, oauth.ErrChallengeMalformed) || !errors.Is(err, oauth.ErrChallenge) {
			t.Errorf("challenge %.60q gives %v", c, err)
		}
	}
}

func TestRFC7636_4_1_VerifierGrammar(t *testing.T) {
	for _, v := range []string{verifier, strings.Repeat("a", 43), strings.Repeat("Z", 128), strings.Repeat("-._~09", 10)} {
		if err := oauth.VerifyS256(s256(v), v); err != nil {
			t.Errorf("verifier %q: %v", v, err)
		}
	}
	long := strings.Repeat("a", 43)
	for _, v := range []string{
		" ", "null", long[:42], strings.Repeat("a", 129), strings.Repeat("a", 1_000_000), long + "=", long + " ", long + "é", long + "😀", long + "\x00",
		long + "+", long + "/", long + "%", long + "\n", "\xff" + long,
	} {
		if err := oauth.VerifyS256(s256(v), v); !errors.Is(err, oauth.ErrVerifierMalformed) || !errors.Is(err, oauth.ErrVerifier) {
			t.Errorf("verifier %.60q gives %v", v, err)
		}
	}
}

func TestRFC7636_4_6_OnlyThePreimagePasses(t *testing.T) {
	if err := oauth.VerifyS256(challenge, verifier); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"", challenge[:42], challenge + "=", challenge + "A", challenge[:42] + "N", strings.ToLower(challenge), verifier, s256(challenge)} {
		if err := oauth.VerifyS256(c, verifier); !errors.Is(err, oauth.ErrVerifierMismatch) || !errors.Is(err, oauth.ErrVerifier) {
			t.Errorf("challenge %q gives %v", c, err)
		}
	}
	for _, v := range []string{challenge, strings.ToUpper(verifier), strings.ToLower(verifier), verifier + "A"} {
		if err := oauth.VerifyS256(challenge, v); !errors.Is(err, oauth.ErrVerifierMismatch) {
			t.Errorf("verifier %q gives %v", v, err)
		}
	}
	for _, c := range []string{"", challenge} {
		if err := oauth.VerifyS256(c, ""); !errors.Is(err, oauth.ErrVerifierMissing) || !errors.Is(err, oauth.ErrVerifier) {
			t.Errorf("no verifier for challenge %q gives %v", c, err)
		}
	}
}

func FuzzVerifyS256(f *testing.F) {
	f.Add(challenge, verifier)
	f.Add(challenge, challenge)
	f.Add("", "")
	f.Add(s256("é"), "é")
	grammar := regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}\z`)
	f.Fuzz(func(t *testing.T, challenge, verifier string) {
		want := grammar.MatchString(verifier) && s256(verifier) == challenge
		if got := oauth.VerifyS256(challenge, verifier) == nil; got != want {
			t.Errorf("VerifyS256(%q, %q) passes: %v, want %v", challenge, verifier, got, want)
		}
		if got := oauth.VerifyS256(s256(verifier), verifier) == nil; got != grammar.MatchString(verifier) {
			t.Errorf("verifier %q passes its own challenge: %v", verifier, got)
		}
	})
}

func FuzzCheckChallenge(f *testing.F) {
	f.Add(challenge, "S256")
	f.Add(challenge[:42]+"N", "S256")
	f.Add(challenge, "plain")
	f.Add("\n"+challenge[1:], "S256")
	grammar := regexp.MustCompile(`^[A-Za-z0-9_-]{43}\z`)
	f.Fuzz(func(t *testing.T, challenge, method string) {
		want := method == "S256" && grammar.MatchString(challenge)
		if got := oauth.CheckChallenge(challenge, method) == nil; got != want {
			t.Errorf("CheckChallenge(%q, %q) passes: %v, want %v", challenge, method, got, want)
		}
	})
}
