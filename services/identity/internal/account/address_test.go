package account_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/services/identity/internal/account"
)

func TestSpell_AnAccountOfRelease01IsFoundByItsOwnForm(t *testing.T) {
	for typed, want := range map[string]account.Spelling{
		"John@Example.com":       {Canonical: "john@example.com", Earlier: "john@example.com"},
		"E\u0301@a.test":         {Canonical: "\u00e9@a.test", Earlier: "e\u0301@a.test"},
		"A@xn--MLLER-kva.de":     {Canonical: "a@m\u00fcller.de", Earlier: "a@xn--mller-kva.de"},
		"john\ufe0f@a.test":      {Earlier: "john\ufe0f@a.test"}, // no new account can have it
		"\uff4a@a.test":          {Canonical: "j@a.test", Earlier: "\uff4a@a.test"},
		"J@a.test.":              {Earlier: "j@a.test."},
		"\u212a@a.test":          {Earlier: "\u212a@a.test"},
		"no address":             {},
		"jo\u200bhn@a.test":      {},
		strings.Repeat("x", 999): {},
	} {
		if got := account.Spell(typed); got != want {
			t.Errorf("%+.40q is %+q, want %+q", typed, got, want)
		}
	}
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
