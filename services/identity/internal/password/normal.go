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

// MinLength is the fewest characters that a new password may have (NIST SP 800-63B-4 §3.1.1.2 wants 8 beside a second factor and
// recommends 15 alone). A password that was set before goes on being right, and may be hashed anew, however short it is.
const MinLength = 12

// ErrShort is a new password of fewer than MinLength characters.
var ErrShort = errors.New("password has fewer than 12 characters")

// CheckNew fails with ErrShort. A character is one of the normalised form: an accent that is typed apart counts with its letter.
func CheckNew(clear secret.String) error {
	if utf8.RuneCountInString(normal(clear.Reveal())) < MinLength {
		return ErrShort
	}
	return nil
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
