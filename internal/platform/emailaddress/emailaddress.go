// Package emailaddress has the canonical form of an e-mail address.
//
// It owns the rule by which two addresses are the same, wherever users are compared by address: in the
// accounts of identity and among the testers of a client. It does not check whether an address can receive
// mail.
package emailaddress

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
	// MaxLength is the limit of RFC 5321 §4.5.3.1.3, without the angle brackets, in bytes of UTF-8 (RFC
	// 6532 §3.4).
	MaxLength = 254
	// maxTyped exceeds the length of every spelling of such an address.
	maxTyped = 8 * MaxLength
)

// ErrInvalid is returned for a string that is no e-mail address.
var ErrInvalid = errors.New("not an e-mail address")

// Address is an e-mail address in canonical form, see Canonical. Equal addresses belong to the same user.
type Address string

// Canonical returns the canonical form of an address: an address has the same form whichever
// keyboard, input method or browser wrote it. The local part is in lower case and in Unicode's
// composed form, with full-width letters folded (RFC 6532 §3.1, RFC 8265 §3.3); the domain is
// mapped by IDNA, in Unicode (RFC 5890 §2.3.2.1, UTS 46). Case mapping is independent of the
// language, and a lookalike of an address never becomes that address: a dotless ı is not an i. It
// returns ErrInvalid, also for invisible characters and for compatibility characters of ASCII. It
// does not check whether the address can receive mail.
func Canonical(typed string) (Address, error) {
	typed = strings.TrimSpace(typed)
	if len(typed) > maxTyped || !utf8.ValidString(typed) {
		return "", ErrInvalid
	}
	local, domain, found := strings.Cut(typed, "@")
	local = width.Fold.String(local)
	if !found || strings.Contains(local, "@") || strings.ContainsFunc(local, symbolic) {
		return "", ErrInvalid
	}
	local = norm.NFC.String(cases.Lower(language.Und).String(norm.NFC.String(local)))
	domain, err := canonicalDomain(domain)
	if err != nil || !validLocal(local) || strings.ContainsFunc(domain, func(r rune) bool { return r == '@' || hidden(r) }) {
		return "", ErrInvalid
	}
	address := local + "@" + domain
	if len(address) > MaxLength {
		return "", ErrInvalid
	}
	return Address(address), nil
}

// canonicalDomain returns the U-label form of a domain.
func canonicalDomain(domain string) (string, error) {
	// ASCII rules are relaxed, as in internal mail systems: underscores and single labels are
	// allowed.
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckHyphens(false),
		idna.StrictDomainName(false), idna.VerifyDNSLength(true))
	ascii, err := profile.ToASCII(domain)
	if err != nil || strings.HasSuffix(ascii, ".") {
		return "", ErrInvalid
	}
	return profile.ToUnicode(ascii)
}

// validLocal reports whether all characters of a local part are visible and the first is not a
// combining mark.
func validLocal(local string) bool {
	first, _ := utf8.DecodeRuneInString(local)
	return local != "" && !unicode.Is(unicode.M, first) && !strings.ContainsFunc(local, hidden)
}

// symbolic is true for a character that is not ASCII and that Unicode maps to ASCII: the Kelvin
// sign, a ligature, a superscript 2. If it were mapped, the address of one user could imitate
// another's.
func symbolic(r rune) bool {
	return r > unicode.MaxASCII && strings.ContainsFunc(norm.NFKC.String(string(r)), func(r rune) bool { return r <= unicode.MaxASCII })
}

// brailleBlank is a symbol that looks like a space.
const brailleBlank = '\u2800'

// hidden is true for spaces and for invisible characters: controls, direction controls, zero-width
// characters, variation selectors and fillers.
func hidden(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r) || r == brailleBlank ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
