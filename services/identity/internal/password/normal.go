package password

import (
	"strings"
	"unicode"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// normal is the form of a password that is hashed: whichever keyboard wrote it, the same characters are the same bytes. It is what
// RFC 8265 §4.2.2 maps (spaces to the ASCII one, composed characters) without what it refuses: a password that release 0.1 took must
// go on being right.
func normal(clear string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, clear))
}

// settable is the form of a new password, which must be an OpaqueString (RFC 8265 §4.2): it fails with ErrUnusable or ErrCharacters.
func settable(clear string) (string, error) {
	if clear == "" || len(clear) > MaxLength {
		return "", ErrUnusable
	}
	prepared, err := precis.OpaqueString.String(clear)
	if err != nil {
		return "", ErrCharacters
	}
	if len(prepared) > MaxLength {
		return "", ErrUnusable
	}
	return prepared, nil
}
