package message

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

const (
	// override and pop make the characters between them run from right to left (UAX #9).
	override = "\u202e"
	pop      = "\u202c"
)

// pseudo returns a catalog in ar-XB: the English texts of all keys that another language has, from
// right to left. A text that is not in the catalog stays as it is, and is seen.
func pseudo(english, complete source) source {
	s := source{tag: language.MustParse("ar-XB"), texts: map[string]text{}}
	for key := range complete.texts {
		t := english.texts[key]
		if t.Other == "" {
			s.texts[key] = text{Plain: mirror(key)}
			continue
		}
		s.texts[key] = text{One: mirror(t.One), Other: mirror(t.Other)}
	}
	return s
}

// place matches a place of an argument.
var place = regexp.MustCompile(`%(\[\d\])?[a-z%]`)

// mirror returns a text whose words run from right to left. The places of arguments stay, since an
// argument has its own direction.
func mirror(t string) string {
	var b strings.Builder
	from := 0
	for _, at := range append(place.FindAllStringIndex(t, -1), []int{len(t), len(t)}) {
		if words := t[from:at[0]]; strings.ContainsFunc(words, unicode.IsLetter) {
			b.WriteString(override + words + pop)
		} else {
			b.WriteString(words)
		}
		b.WriteString(t[at[0]:at[1]])
		from = at[1]
	}
	return b.String()
}
