package account

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAddressLength is that of RFC 5321 §4.5.3.1.3, without the angle brackets.
const maxAddressLength = 254

// ErrAddress is a text that cannot be an e-mail address.
var ErrAddress = errors.New("not an e-mail address")

// Address is an e-mail address in canonical form, as Canonical makes it. Two addresses are the same account's if they are
// equal.
type Address string

// Canonical reads an address as a person typed it: without the space around it and in lower case. It fails with
// ErrAddress. Whether mail arrives there is not its question, so it asks for little: one @ with something on either side.
func Canonical(typed string) (Address, error) {
	typed = strings.TrimSpace(typed)
	if len(typed) > maxAddressLength || !utf8.ValidString(typed) {
		return "", ErrAddress
	}
	folded := strings.Map(fold, typed) // a letter may take more bytes in lower case, hence the second look at the length
	local, domain, found := strings.Cut(folded, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") || len(folded) > maxAddressLength {
		return "", ErrAddress
	}
	if strings.ContainsFunc(folded, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }) {
		return "", ErrAddress
	}
	return Address(folded), nil
}

// fold is lower case, except that nothing becomes ASCII that was not: the Kelvin sign stays apart from k, so that nobody
// can have an address that only looks like another's.
func fold(r rune) rune {
	if lower := unicode.ToLower(r); r <= unicode.MaxASCII || lower > unicode.MaxASCII {
		return lower
	}
	return r
}
