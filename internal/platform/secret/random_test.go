package secret_test

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
)

// A biased generator (a byte modulo 62) makes some characters a quarter likelier than others; the
// bound of seven standard deviations distinguishes that from chance.
func TestRandomCharactersAreEquallyLikely(t *testing.T) {
	const samples, per = 10_000, 22
	counts := map[rune]int{}
	for range samples {
		for _, c := range secret.NewID("") {
			counts[c]++
		}
	}
	if len(counts) != 62 {
		t.Fatalf("%d characters occur, want 62", len(counts))
	}
	mean := float64(samples*per) / 62
	for c, n := range counts {
		if math.Abs(float64(n)-mean) > 7*math.Sqrt(mean) {
			t.Errorf("%q occurs %d times, want about %.0f", c, n, mean)
		}
	}
}

func TestNewIDFormat(t *testing.T) {
	format := regexp.MustCompile(`^usr_[0-9A-Za-z]{22}$`)
	seen := map[string]bool{}
	for range 500 {
		id := secret.NewID("usr_")
		if !format.MatchString(id) || seen[id] {
			t.Fatalf("NewID gives the malformed or repeated value %q", id)
		}
		seen[id] = true
	}
}

func TestNewCodeFormat(t *testing.T) {
	format := regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	seen := map[string]bool{}
	for range 500 {
		code := secret.NewCode().Reveal()
		if !format.MatchString(code) || !secret.ValidCode(code) || seen[code] {
			t.Fatalf("NewCode gives a malformed or repeated value")
		}
		seen[code] = true
	}
}

func TestValidCodeRefusesAnyOtherForm(t *testing.T) {
	good := strings.Repeat("A", 43)
	if !secret.ValidCode(good) {
		t.Fatal("the plainest code is refused")
	}
	for _, s := range []string{"", good[1:], good + "A", good[:42] + "B", good[:42] + "=", good[:42] + "\n", "\r\n" + good[2:], good[:20] + "+" + good[21:], good[:20] + "é" + good[22:]} {
		if secret.ValidCode(s) {
			t.Errorf("ValidCode(%q)", s)
		}
	}
}

func BenchmarkNewCode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = secret.NewCode()
	}
}
