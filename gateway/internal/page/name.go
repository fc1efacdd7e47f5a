package page

import (
	"strings"
	"unicode"
)

const (
	// maxName is how much of a name is shown: more than any registration takes, so that none is cut. Long ones wrap.
	maxName = 256
	// maxMarks is how many marks one letter may carry; more would pile up over other lines.
	maxMarks = 2
	// brailleBlank is a letter without ink.
	brailleBlank = '\u2800'
)

// unseen are characters without a look of their own: controls, formats, fillers, selectors, and what is no character.
func unseen(r rune) bool {
	return r == unicode.ReplacementChar || r == brailleBlank || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Name makes a name that somebody else chose fit to be shown: no control or formatting characters, which could turn text
// around or hide it, and no more of it than a registration takes. The template escapes it.
func Name(s string) string {
	marks := 0
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if unicode.IsMark(r) {
			marks++
		} else {
			marks = 0
		}
		if marks > maxMarks || unseen(r) {
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
