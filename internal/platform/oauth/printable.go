package oauth

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxNote is the maximum length of a reviewer's note in characters, without the space around it.
const MaxNote = 500

// ReviewNote returns a reviewer's note without the space around it, or a *FieldError. It may be empty
// unless it is required.
func ReviewNote(note string, required bool) (string, error) {
	note = strings.TrimSpace(note)
	switch {
	case !PrintableText(note, MaxNote):
		return "", InvalidField("note", fmt.Sprintf("must have at most %d printable characters", MaxNote))
	case note == "" && required:
		return "", InvalidField("note", "is required: the client's team reads it")
	}
	return note, nil
}

// PrintableText reports whether a text that users or operators read has at most limit characters, all
// printable: no line breaks, and no control or format characters such as direction marks.
func PrintableText(text string, limit int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
