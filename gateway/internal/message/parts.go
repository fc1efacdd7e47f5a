package message

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parts are a text split at the places of its arguments, which are all strings. A page has some dozens,
// and joining them allocates once, where formatting looks up the text, parses it and allocates its state.
type parts []part

// part is a piece of a text, and the index of the argument after it; -1 at the end.
type part struct {
	text     string
	argument int
}

// stringPlace matches the place of a string argument.
var stringPlace = regexp.MustCompile(`%(?:\[([1-9])\])?s`)

// keysOf returns the keys of all catalogs.
func keysOf(all []source) []string {
	var keys []string
	for _, s := range all {
		keys = slices.AppendSeq(keys, maps.Keys(s.texts))
	}
	return keys
}

// splitAll returns the parts of each text that has arguments, by its key: the text of the language, else
// of the other one, else the key.
func splitAll(keys []string, language, other source) map[string]parts {
	found := map[string]parts{}
	for _, key := range keys {
		t, ok := language.texts[key]
		if !ok {
			t, ok = other.texts[key]
		}
		if !ok {
			t.Plain = key
		}
		if p := split(t.Plain); len(p) > 1 {
			found[key] = p
		}
	}
	return found
}

// split returns the parts of a text; nil for a text with other places than those of strings, or with
// numbers in some of them alone.
func split(text string) parts {
	numbered, all := strings.Count(text, "%["), strings.Count(text, "%")
	if strings.Contains(stringPlace.ReplaceAllString(text, ""), "%") || numbered != 0 && numbered != all {
		return nil
	}
	var found parts
	end := 0
	for i, at := range stringPlace.FindAllStringSubmatchIndex(text, -1) {
		argument := i
		if at[2] >= 0 {
			number, err := strconv.Atoi(text[at[2]:at[3]])
			must(err)
			argument = number - 1
		}
		found = append(found, part{text[end:at[0]], argument})
		end = at[1]
	}
	return append(found, part{text[end:], -1})
}

// join returns the text with its arguments. It returns false where there are no parts, or an argument
// is missing or not a string.
func (p parts) join(args []any) (string, bool) {
	var b strings.Builder
	for _, piece := range p {
		b.WriteString(piece.text)
		if piece.argument < 0 {
			return b.String(), true
		}
		if piece.argument >= len(args) {
			return "", false
		}
		argument, ok := args[piece.argument].(string)
		if !ok {
			return "", false
		}
		b.WriteString(argument)
	}
	return "", false
}
