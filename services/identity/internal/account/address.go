package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/emailaddress"
)

// Address is an e-mail address in canonical form, see emailaddress.Canonical. Equal addresses belong to the
// same account.
type Address = emailaddress.Address

// Spelling is an address as a user typed it, in the forms that may be stored.
type Spelling struct {
	// Canonical is empty for a string that is no address.
	Canonical Address
	// Earlier is the form that release 0.1 stored, which for nearly all addresses is the canonical
	// one. An account that still has it is found by it first: if two accounts of release 0.1 have
	// the same canonical address, each is still found by its own form.
	Earlier Address
}

// Spell parses an address as a user typed it. Both forms are empty for a string that no release
// accepts as an address: no account has an empty address, and looking it up takes as long as
// looking up any other.
func Spell(typed string) Spelling {
	canonical, err := emailaddress.Canonical(typed)
	earlier, ok := earlierForm(typed)
	if err != nil {
		canonical = ""
	}
	if !ok {
		earlier = canonical
	}
	return Spelling{Canonical: canonical, Earlier: earlier}
}

// earlierForm returns the form that release 0.1 stored: without surrounding spaces, and in lower
// case, letter by letter, except where that would map another letter to ASCII.
func earlierForm(typed string) (Address, bool) {
	typed = strings.TrimSpace(typed)
	if len(typed) > emailaddress.MaxLength || !utf8.ValidString(typed) {
		return "", false
	}
	folded := strings.Map(func(r rune) rune {
		if lower := unicode.ToLower(r); r <= unicode.MaxASCII || lower > unicode.MaxASCII {
			return lower
		}
		return r
	}, typed)
	local, domain, found := strings.Cut(folded, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") || len(folded) > emailaddress.MaxLength {
		return "", false
	}
	if strings.ContainsFunc(folded, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }) {
		return "", false
	}
	return Address(folded), true
}
