package page

import (
	"fmt"
	"strings"
	"unicode"
)

const (
	// maxName is the number of characters of a name that are shown: more than a registration
	// allows, so that no name is truncated. Long names wrap.
	maxName = 256
	// maxMarks is the maximum number of combining marks per letter; more would overlap other lines.
	maxMarks = 2
	// brailleBlank is a letter that renders as blank.
	brailleBlank = '\u2800'
)

// invisible reports whether a character has no glyph of its own: control and format characters,
// fillers, variation selectors, surrogates, and private use.
func invisible(r rune) bool {
	return r == unicode.ReplacementChar || r == brailleBlank || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// exact returns an untrusted text with its invisible characters as their code points, such as [U+200B], for
// a comparison to the character.
func exact(s string) string {
	var b strings.Builder
	for _, r := range s {
		if invisible(r) || unicode.IsSpace(r) && r != ' ' {
			fmt.Fprintf(&b, "[U+%04X]", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Lines sanitizes untrusted text of several lines, such as a reason, as Name does.
func Lines(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = visible(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// plain reports whether a name is shown as it is: it has visible ASCII characters alone, and single spaces
// between them. Most names are plain.
func plain(s string) bool {
	if s == "" || len(s) > maxName || strings.HasSuffix(s, " ") {
		return false
	}
	space := true // a leading one is removed
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || space && s[i] == ' ' {
			return false
		}
		space = s[i] == ' '
	}
	return true
}

// Name sanitizes an untrusted name for display: it removes control and format characters, which
// could reverse or hide text, and truncates it to the length that a registration allows. The
// template escapes it.
func Name(s string) string {
	if plain(s) {
		return s
	}
	s = visible(s)
	runes := []rune(s)
	switch {
	case len(runes) == 0:
		return "(no name)"
	case len(runes) > maxName:
		return string(runes[:maxName]) + "…"
	}
	return s
}

// visible returns a text without the characters that have no glyph, and without marks that would overlap
// other lines.
func visible(s string) string {
	marks := 0
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if unicode.IsMark(r) {
			marks++
		} else {
			marks = 0
		}
		if marks > maxMarks || invisible(r) {
			return -1
		}
		return r
	}, s)), " ")
}
