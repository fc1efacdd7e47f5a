package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/services/identity/internal/account"
)

func TestAnAddressIsCanonicalHoweverItIsTyped(t *testing.T) {
	for typed, want := range map[string]account.Address{
		"john.doe@gmail.com":      "john.doe@gmail.com",
		" John.Doe@GMAIL.com\r\n": "john.doe@gmail.com",
		"\u00a0a@b\u3000":         "a@b",
		"JOHN+Tag@Gmail.Com":      "john+tag@gmail.com",
		"ÉMILE@Example.FR":        "émile@example.fr",
		"\u212aim@example.com":    "\u212aim@example.com", // the Kelvin sign is no k
		"\u0130da@example.com":    "\u0130da@example.com", // a dotted capital I is no i
		longest():                 account.Address(longest()),
	} {
		got, err := account.Canonical(typed)
		if err != nil || got != want {
			t.Errorf("%q is %q, %v, want %q", typed, got, err, want)
		}
		if again, err := account.Canonical(string(got)); err != nil || again != got {
			t.Errorf("%q is not canonical: %q, %v", got, again, err)
		}
	}
}

func longest() string { return strings.Repeat("a", 254-len("@example.com")) + "@example.com" }

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for _, typed := range []string{
		"", " ", "@", "john", "john@", "@gmail.com", "a@b@c", "a@@b", "a b@c", "a@b c", "a\n@b", "a\x00@b", "a\u200b@b", "\xff@b",
		"a" + longest(), strings.Repeat("x", 1<<20) + "@b",
		strings.Repeat("\u023a", 125) + "@bc", // 253 bytes, more of them in lower case
	} {
		if got, err := account.Canonical(typed); !errors.Is(err, account.ErrAddress) || got != "" {
			t.Errorf("%.40q is %.40q, %v", typed, got, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, typed := range []string{"john.doe@gmail.com", " A@B ", "\u212a@\u0130", "a@b@c", "\xff@b"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := account.Canonical(typed)
		if err != nil {
			return
		}
		if again, err := account.Canonical(string(got)); err != nil || again != got {
			t.Errorf("%q gives %q, which gives %q, %v", typed, got, again, err)
		}
	})
}

func TestAnIdentifierIsPrintable(t *testing.T) {
	for id, want := range map[string]bool{
		"usr_john": true, "ws_acme": true, "": false, "a b": false, "a\x00": false, "é": false, strings.Repeat("x", 129): false,
	} {
		if account.ValidID(id) != want {
			t.Errorf("%.20q is %v", id, !want)
		}
	}
}
