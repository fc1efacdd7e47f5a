package usher_test

import (
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/ushertest"
)

// oracle checks the format of a token by a regular expression and big integers.
func oracle(s string) bool {
	if regexp.MustCompile(`\A[A-Z2-7]{179}[AQ]\z`).MatchString(s) {
		return true
	}
	m := regexp.MustCompile(`\A(vdo_(?:oat|live)_[0-9A-Za-z]{43})([0-9A-Za-z]{6})\z`).FindStringSubmatch(s)
	if m == nil {
		return false
	}
	// The digits above nine of math/big are lower case first; the token's are upper case first.
	digits := new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(m[1])))).Text(62)
	swapped := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, digits)
	return strings.Repeat("0", 6-len(swapped))+swapped == m[2]
}

func FuzzWellFormedNeverWidens(f *testing.F) {
	for kind := range tokenv1.TokenKind_name {
		token := ushertest.Token(tokenv1.TokenKind(kind))
		f.Add(token)
		f.Add(flip(token, len(token)-1))
		f.Add(token + "\n")
	}
	f.Add("")
	f.Add("vdo_oat_")
	f.Add(strings.Repeat("é", 90))
	f.Fuzz(func(t *testing.T, s string) {
		if got := usher.WellFormed(s); got != oracle(s) {
			t.Fatalf("%q: %t", s, got)
		}
	})
}

func TestEveryTokenThatIsIssuedIsWellFormed(t *testing.T) {
	for range 1000 {
		for kind := range tokenv1.TokenKind_name {
			if token := ushertest.Token(tokenv1.TokenKind(kind)); !usher.WellFormed(token) || !oracle(token) {
				t.Fatalf("%q", token)
			}
		}
	}
}
