package account

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

const (
	// maxAddressLength is that of RFC 5321 §4.5.3.1.3, without the angle brackets, in bytes of UTF-8 (RFC 6532 §3.4).
	maxAddressLength = 254
	// maxTyped is more than any spelling of such an address has.
	maxTyped = 8 * maxAddressLength
)

// ErrAddress is a text that cannot be an e-mail address.
var ErrAddress = errors.New("not an e-mail address")

// Address is an e-mail address in canonical form, as Canonical makes it. Two addresses are the same account's if they are
// equal.
type Address string

// Spelling is an address as a person typed it, in the forms that may be stored.
type Spelling struct {
	// Canonical is empty for a text that is no address.
	Canonical Address
	// Earlier is the form that release 0.1 stored, which for nearly all addresses is the canonical one. An account that still has it
	// is found by it first: where two accounts of release 0.1 became one address, each is found as it was.
	Earlier Address
}

// Spell reads an address as a person typed it. Both forms are empty for a text that no release takes for an address: no account has
// an empty one, and looking it up takes as long as for any other.
func Spell(typed string) Spelling {
	canonical, err := Canonical(typed)
	earlier, ok := earlierForm(typed)
	if err != nil {
		canonical = ""
	}
	if !ok {
		earlier = canonical
	}
	return Spelling{Canonical: canonical, Earlier: earlier}
}

// Canonical reads an address as a person typed it: whichever keyboard, input method or browser wrote it, one address has one form.
// The local part is in lower case and in Unicode's composed form, with full-width letters as the usual ones (RFC 6532 §3.1, RFC 8265
// §3.3); the domain is what IDNA makes of it, in Unicode, without a final dot (RFC 5890 §2.3.2.1, UTS 46). Case is mapped the same in
// every language: a dotless ı is never an i. It fails with ErrAddress, also for characters that do not show. Whether mail arrives
// there is not its question.
func Canonical(typed string) (Address, error) {
	typed = strings.TrimSpace(typed)
	if len(typed) > maxTyped || !utf8.ValidString(typed) {
		return "", ErrAddress
	}
	local, domain, found := strings.Cut(width.Fold.String(typed), "@")
	if !found || strings.Contains(domain, "@") {
		return "", ErrAddress
	}
	local = norm.NFC.String(cases.Lower(language.Und).String(norm.NFC.String(local)))
	domain, err := canonicalDomain(domain)
	if err != nil || !validLocal(local) || strings.ContainsFunc(domain, hidden) {
		return "", ErrAddress
	}
	address := local + "@" + domain
	if len(address) > maxAddressLength {
		return "", ErrAddress
	}
	return Address(address), nil
}

// canonicalDomain is the U-label form of a domain in either form, however it is written.
func canonicalDomain(domain string) (string, error) {
	domain = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".").Replace(domain)
	domain = strings.TrimSuffix(domain, ".")
	// Of ASCII it asks for little, as mail systems of one's own do: names with underscores, and of one label.
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckHyphens(false),
		idna.StrictDomainName(false), idna.VerifyDNSLength(true))
	ascii, err := profile.ToASCII(domain)
	if err != nil || strings.HasSuffix(ascii, ".") {
		return "", ErrAddress
	}
	return profile.ToUnicode(ascii)
}

// validLocal reports whether each character of a local part shows, and the first one by itself.
func validLocal(local string) bool {
	first, _ := utf8.DecodeRuneInString(local)
	return local != "" && !unicode.Is(unicode.M, first) && !strings.ContainsFunc(local, hidden)
}

// brailleBlank is a symbol that looks like a space.
const brailleBlank = '\u2800'

// hidden is true for spaces and for what does not show: controls, what turns the direction of a text, zero-width characters,
// variation selectors and fillers.
func hidden(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r) || r == brailleBlank ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// earlierForm is what release 0.1 made of an address: no spaces around it, and lower case, letter by letter, except where that would
// make ASCII of another letter.
func earlierForm(typed string) (Address, bool) {
	typed = strings.TrimSpace(typed)
	if len(typed) > maxAddressLength || !utf8.ValidString(typed) {
		return "", false
	}
	folded := strings.Map(func(r rune) rune {
		if lower := unicode.ToLower(r); r <= unicode.MaxASCII || lower > unicode.MaxASCII {
			return lower
		}
		return r
	}, typed)
	local, domain, found := strings.Cut(folded, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") || len(folded) > maxAddressLength {
		return "", false
	}
	if strings.ContainsFunc(folded, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }) {
		return "", false
	}
	return Address(folded), true
}
