package secret_test

import (
	"encoding/base32"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
)

// printed is the token in the user API's documentation.
const printed = "N2UCSNDDGI4NND5NMBZLV7ZBV2I3BZLUWQFXF6MGZKXTOCLHPH2SLPR2TMPM54M7CTG4DLFNE5KHSZ4LARTLQVRRCCRFAGVAG242M5RB3S5D4TEXKTSH4AHNMLTB3IF5IZYI4XSHRDDF2YFPLYAEMQL3Y3BKGZHCSDC2T2DQY64RC5Q3R5CQ"

func TestWireContract3_AUserTokenIs180CharactersOfBase32(t *testing.T) {
	form := regexp.MustCompile(`^[A-Z2-7]{180}$`)
	seen := map[string]bool{}
	for range 200 {
		token := secret.NewUserToken().Reveal()
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(token)
		if err != nil || len(raw) != 112 || !form.MatchString(token) || !secret.ValidUserToken(token) || seen[token] {
			t.Fatalf("%q: %d bytes, %v", token, len(raw), err)
		}
		seen[token] = true
		if kind, ok := kindOf(token); ok {
			t.Errorf("it passes for a %s", kind)
		}
	}
	if !secret.ValidUserToken(printed) {
		t.Error("the documented token is refused")
	}
}

func TestWhatIsNoUserTokenByItsFormIsRefused(t *testing.T) {
	for name, s := range map[string]string{
		"empty": "", "shorter": printed[1:], "longer": printed + "A", "padded": printed[:179] + "=", "lower case": strings.ToLower(printed),
		"a digit that base32 lacks": "1" + printed[1:], "not ASCII": "é" + printed[2:], "a bit too many": printed[:179] + "R",
		"an access token": secret.Generate(secret.AccessToken).Reveal(), "spaces": " " + printed[1:],
	} {
		if secret.ValidUserToken(s) {
			t.Errorf("%s: %q is accepted", name, s)
		}
	}
}
