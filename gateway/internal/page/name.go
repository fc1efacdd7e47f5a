package page

import (
	"strings"
	"unicode"
)

// maxName is how much of a name is shown.
const maxName = 60

// Name makes a name that somebody else chose fit to be shown: no control or formatting characters, which could turn text
// around or hide it, and no more than a line of it. The template escapes it.
func Name(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)), " ")
	runes := []rune(s)
	switch {
	case len(runes) == 0:
		return "(no name)"
	case len(runes) > maxName:
		return string(runes[:maxName]) + "…"
	}
	return s
}
