package emailaddress_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/emailaddress"
)

func TestAnAddressIsCanonicalHoweverItIsTyped(t *testing.T) {
	for typed, want := range map[string]emailaddress.Address{
		"john.doe@gmail.com":      "john.doe@gmail.com",
		" John.Doe@GMAIL.com\r\n": "john.doe@gmail.com",
		"\u00a0a@b\u3000":         "a@b",
		"JOHN+Tag@Gmail.Com":      "john+tag@gmail.com",
		"ÉMILE@Example.FR":        "émile@example.fr",
		"\u0130da@example.com":    "i\u0307da@example.com", // a dotted capital I is not an i
		longest():                 emailaddress.Address(longest()),
	} {
		got, err := emailaddress.Canonical(typed)
		if err != nil || got != want {
			t.Errorf("%q is %q, %v, want %q", typed, got, err, want)
		}
		if again, err := emailaddress.Canonical(string(got)); err != nil || again != got {
			t.Errorf("%q is not canonical: %q, %v", got, again, err)
		}
	}
}

func TestFault_A14_OneAddressHasOneFormFromEveryKeyboard(t *testing.T) {
	for want, spellings := range map[emailaddress.Address][]string{
		"\u00e9mile@m\u00fcller.de": {
			"\u00e9mile@m\u00fcller.de", "e\u0301mile@mu\u0308ller.de", "\u00c9MILE@M\u00dcLLER.DE", "E\u0301mile@XN--MLLER-KVA.DE",
			"\u00e9mile@xn--mller-kva.de", " \u00e9mile@m\u00fcller\u3002de\u00a0",
		},
		"john@example.com": {
			"\uff4a\uff4f\uff48\uff4e@example.com", // full-width
			"\uff2a\uff2f\uff28\uff2e@example.com", "JOHN@EXAMPLE.COM", "john@\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0e\uff43\uff4f\uff4d",
		},
		"\u30ac@example.jp":                         {"\uff76\uff9e@example.jp", "\u30ab\u3099@example.jp"}, // half-width kana
		"\u03bd\u03b9\u03ba\u03bf\u03c2@example.gr": {"\u039d\u0399\u039a\u039f\u03a3@example.gr"},          // not an i
		"\u0131@example.com":                        {"\u0131@example.com"},                                 // no i
		"i@example.com":                             {"I@example.com", "i@EXAMPLE.com"},
		"a@stra\u00dfe.de":                          {"a@stra\u00dfe.de", "a@xn--strae-oqa.de"},
		"a@[192.0.2.1]":                             {"a@[192.0.2.1]"},
		"a@my_host":                                 {"A@My_Host"},
	} {
		for _, typed := range spellings {
			if got, err := emailaddress.Canonical(typed); err != nil || got != want {
				t.Errorf("%+q is %+q, %v, want %+q", typed, got, err, want)
			}
		}
	}
}

func TestFault_A14_InvisibleCharactersAreRefused(t *testing.T) {
	for name, typed := range map[string]string{
		"a zero-width space":          "jo\u200bhn@example.com",
		"a zero-width joiner":         "jo\u200dhn@example.com",
		"a soft hyphen":               "jo\u00adhn@example.com",
		"a byte order mark":           "\ufeffjohn@example.com",
		"a right-to-left override":    "\u202ejohn@example.com",
		"a bidi isolate":              "\u2066john\u2069@example.com",
		"a variation selector":        "john\ufe0f@example.com",
		"a Hangul filler":             "john\u3164@example.com",
		"a half-width filler":         "john\uffa0@example.com",
		"a grapheme joiner":           "jo\u034fhn@example.com",
		"a braille blank":             "john\u2800@example.com",
		"a tag character":             "john\U000e0061@example.com",
		"a mark that stands first":    "\u0301john@example.com",
		"a mark that begins a domain": "john@\u0301example.com",
		"hidden in the domain":        "john@exam\u200bple\u202e.com",
		"the Kelvin sign":             "\u212aim@example.com",
		"a ligature":                  "\ufb01n@example.com",
		"a raised two":                "a\u00b2@example.com",
		"a full-width @":              "john\uff20example.com",
		"two @, one full-width":       "john\uff20a@example.com",
		"two @ in the domain":         "john@a\uff20example.com",
		"a final dot":                 "john@example.com.",
		"two final dots":              "john@example.com..",
		"an empty label":              "john@example..com",
		"an endless label":            "john@" + strings.Repeat("a", 64) + ".com",
		"a domain that decodes badly": "john@xn--\u00fc.com",
		"a broken A-label":            "john@xn--a.com",
	} {
		if got, err := emailaddress.Canonical(typed); !errors.Is(err, emailaddress.ErrInvalid) {
			t.Errorf("%s: %+q is %+q, %v", name, typed, got, err)
		}
	}
}

func longest() string { return strings.Repeat("a", 254-len("@example.com")) + "@example.com" }

func TestAnInvalidAddressIsRefused(t *testing.T) {
	for _, typed := range []string{
		"", " ", "@", "john", "john@", "@gmail.com", "a@b@c", "a@@b", "a b@c", "a@b c", "a\n@b", "a\x00@b", "a\u200b@b", "\xff@b",
		"a" + longest(), strings.Repeat("x", 1<<20) + "@b",
		strings.Repeat("\u023a", 125) + "@bc", // 253 bytes, more of them in lower case
	} {
		if got, err := emailaddress.Canonical(typed); !errors.Is(err, emailaddress.ErrInvalid) || got != "" {
			t.Errorf("%.40q is %.40q, %v", typed, got, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, typed := range []string{"john.doe@gmail.com", " A@B ", "\u212a@\u0130", "a@b@c", "\xff@b"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := emailaddress.Canonical(typed)
		if err != nil {
			return
		}
		if again, err := emailaddress.Canonical(string(got)); err != nil || again != got {
			t.Errorf("%q gives %q, which gives %q, %v", typed, got, again, err)
		}
	})
}
