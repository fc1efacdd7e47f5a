package secret_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
)

func kinds() []secret.Kind {
	return []secret.Kind{secret.AccessToken, secret.RefreshToken, secret.APIKey, secret.ClientSecret}
}

// kindOf returns the kind for which a string is valid; false where it is valid for none.
func kindOf(s string) (secret.Kind, bool) {
	for _, kind := range kinds() {
		if secret.Valid(kind, s) {
			return kind, true
		}
	}
	return "", false
}

// known was computed with another CRC-32 implementation; the last one's checksum begins with zeros.
func known() map[string]secret.Kind {
	return map[string]secret.Kind{
		"vdo_oat_56789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl3yFvjy":    secret.AccessToken,
		"vdo_ort_56789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl3hEG9X":    secret.RefreshToken,
		"vdo_live_56789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl0ut9R7":   secret.APIKey,
		"vdo_secret_56789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl0olb16": secret.ClientSecret,
		"vdo_oat_000000000000000000000000000000000000000016000lrj5":    secret.AccessToken,
	}
}

func TestWireContract3_KnownTokensAreValid(t *testing.T) {
	for token, want := range known() {
		for _, kind := range kinds() {
			if got := secret.Valid(kind, token); got != (kind == want) {
				t.Errorf("Valid(%s, %s) = %v", kind, token, got)
			}
		}
		if got, ok := kindOf(token); !ok || got != want {
			t.Errorf("KindOf(%s) = %q, %v, want %q", token, got, ok, want)
		}
	}
}

func TestWireContract3_AnyOtherCharacterIsRefused(t *testing.T) {
	for token, kind := range known() {
		for i := range len(token) {
			for c := range 256 {
				if token[i] == byte(c) {
					continue
				}
				changed := token[:i] + string([]byte{byte(c)}) + token[i+1:]
				if secret.Valid(kind, changed) {
					t.Fatalf("Valid(%s, %q) although character %d was changed", kind, changed, i)
				}
			}
		}
	}
}

func TestWireContract3_AnyOtherLengthIsRefused(t *testing.T) {
	for token, kind := range known() {
		bad := []string{"", string(kind), token + "0", token[:len(token)-1], " " + token, token + "\n", strings.Repeat(token, 2)}
		for _, s := range bad {
			if secret.Valid(kind, s) {
				t.Errorf("Valid(%s, %q)", kind, s)
			}
			if kind, ok := kindOf(s); ok || kind != "" {
				t.Errorf("KindOf(%q) = %q, %v", s, kind, ok)
			}
		}
	}
}

func TestWireContract3_GeneratedTokensHaveTheFormat(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range kinds() {
		format := regexp.MustCompile("^" + string(kind) + "[0-9A-Za-z]{49}$")
		for range 200 {
			s := secret.Generate(kind).Reveal()
			if !format.MatchString(s) || !secret.Valid(kind, s) || seen[s] {
				t.Fatalf("Generate(%s) gives a malformed or repeated value", kind)
			}
			seen[s] = true
		}
	}
}

func FuzzValid(f *testing.F) {
	for token := range known() {
		f.Add(token)
		f.Add(token[1:])
	}
	f.Add("")
	f.Add("vdo_oat_" + strings.Repeat("é", 25))
	f.Fuzz(func(t *testing.T, s string) {
		kind, ok := kindOf(s)
		if !ok {
			return
		}
		if !regexp.MustCompile(`^vdo_(oat|ort|live|secret)_[0-9A-Za-z]{49}$`).MatchString(s) || !strings.HasPrefix(s, string(kind)) {
			t.Errorf("%q passes as %q", s, kind)
		}
	})
}

func BenchmarkValid(b *testing.B) {
	s := secret.Generate(secret.AccessToken).Reveal()
	b.ReportAllocs()
	for b.Loop() {
		if !secret.Valid(secret.AccessToken, s) {
			b.Fatal("generated token is not valid")
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = secret.Generate(secret.AccessToken)
	}
}
