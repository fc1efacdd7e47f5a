package oauth

import (
	"crypto/rand"
	"strings"
)

const (
	// userCodeLetters has no vowels, so that no words appear, and no digits, so that none looks like a
	// letter (RFC 8628 §6.1).
	userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	// userCodeLength letters of them are 34 bits: enough for the minutes of a request, since wrong codes
	// are limited (RFC 8628 §5.1).
	userCodeLength = 8
	// userCodeHalf is the number of letters before the dash.
	userCodeHalf = userCodeLength / 2
	// maxTypedUserCode is the longest input that is read as a user code, in bytes.
	maxTypedUserCode = 64
)

// NewUserCode generates a user code in its normalized form (RFC 8628 §6.1).
func NewUserCode() string {
	code := make([]byte, 0, userCodeLength)
	// Bytes from the largest multiple of the number of letters on are dropped, so that all letters
	// have the same probability.
	const accepted = 256 - 256%len(userCodeLetters)
	var random [2 * userCodeLength]byte
	for len(code) < userCodeLength {
		_, _ = rand.Read(random[:]) // never fails since Go 1.24
		for _, b := range random {
			if int(b) < accepted && len(code) < userCodeLength {
				code = append(code, userCodeLetters[int(b)%len(userCodeLetters)])
			}
		}
	}
	return string(code)
}

// FormatUserCode returns a normalized user code as devices show it: XXXX-XXXX.
func FormatUserCode(code string) string { return code[:userCodeHalf] + "-" + code[userCodeHalf:] }

// NormalizeUserCode returns a user code as it is stored: letters in upper case, without the spaces
// and dashes that users type or leave out (RFC 8628 §6.1). It reports false for an input that is
// none.
func NormalizeUserCode(typed string) (string, bool) {
	if len(typed) > maxTypedUserCode {
		return "", false
	}
	code := make([]byte, 0, userCodeLength)
	for _, r := range typed {
		switch {
		case strings.ContainsRune(userCodeSeparators, r):
			continue
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		if !strings.ContainsRune(userCodeLetters, r) || len(code) == userCodeLength {
			return "", false
		}
		code = append(code, byte(r))
	}
	if len(code) != userCodeLength {
		return "", false
	}
	return string(code), true
}

// userCodeSeparators are the spaces and dashes that keyboards and copied texts have.
const userCodeSeparators = " \t\r\n\u00a0\u2009\u202f\u3000-_.\u00ad\u2010\u2011\u2012\u2013\u2014\u2212"
