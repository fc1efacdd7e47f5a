package oauth

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxNote is the maximum length of a reviewer's note in characters, without the space around it.
const MaxNote = 500

// PrintableText reports whether a text that users or operators read has at most limit characters, all
// printable: no line breaks, and no control or format characters such as direction marks.
func PrintableText(text string, limit int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
