package password

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"github.com/vidocu/usher/internal/platform/secret"
)

// normalize returns the form of a password that is hashed: the same characters have the same bytes,
// whichever keyboard wrote them. It applies the mappings of RFC 8265 §4.2.2 (spaces to the ASCII
// space, composed characters) without the prohibitions: a password that release 0.1 accepted must
// stay valid.
func normalize(clear string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, clear))
}

// MinLength is the minimum length of a new password in characters (NIST SP 800-63B-4 §3.1.1.2
// requires 8 with a second factor and recommends 15 without). Existing passwords stay valid, and
// may be hashed again, whatever their length.
const MinLength = 12

// ErrShort is returned for a new password of fewer than MinLength characters.
var ErrShort = errors.New("password has fewer than 12 characters")

// CheckNew returns ErrShort if a new password is too short. It counts characters of the normalized
// form: a decomposed accent counts with its letter.
func CheckNew(clear secret.String) error {
	if utf8.RuneCountInString(normalize(clear.Reveal())) < MinLength {
		return ErrShort
	}
	return nil
}

// prepareNew returns the form of a new password, which must be an OpaqueString (RFC 8265 §4.2). It
// returns ErrUnusable or ErrCharacters.
func prepareNew(clear string) (string, error) {
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

// CheckUsable returns the errors of Hasher.Hash about a new password's length and characters.
func CheckUsable(clear secret.String) error {
	_, err := prepareNew(clear.Reveal())
	return err
}

// Same reports whether two passwords have the same normalized form, so that either is right where
// the other one is.
func Same(a, b secret.String) bool { return normalize(a.Reveal()) == normalize(b.Reveal()) }
