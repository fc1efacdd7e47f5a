package oauth

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/vidocu/usher/internal/platform/oauth/nearest"
)

// maxQuoted is the most characters of a word that are quoted.
const maxQuoted = 40

// Quote quotes a word of a scope in an error: in quotation marks, cut after 40 characters, with `?`
// for non-ASCII, non-printable characters, quotation marks and backslashes. No other value of a
// request is quoted in errors: it may be a secret.
func Quote(word string) string {
	clean := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(word, "?"))
	if len(clean) > maxQuoted {
		clean = clean[:maxQuoted] + "..."
	}
	return `"` + clean + `"`
}

// DescribeOutside says of a scope of Scope.Outside what is wrong.
func DescribeOutside(name string) string {
	return "the scope " + Quote(name) + " makes no sense for the resource of the request"
}

// DescribeUnknown describes a word that is not a scope: its likely meaning, or the nearest known
// scope.
func DescribeUnknown(word string, known []string) string {
	text := Quote(word) + " is not a scope"
	switch {
	case strings.ContainsAny(word, ",;|"):
		return text + ": separate scopes by single spaces"
	case strings.Contains(word, "%20"), strings.Contains(word, "%3A"), strings.Contains(word, "%3a"):
		return text + ": it is URL-encoded twice"
	case strings.Contains(word, "+") && len(strings.Split(word, "+")) == strings.Count(word, ":"):
		return text + ": it is URL-encoded twice, or scopes are joined by plus signs"
	}
	near := nearest.Name(strings.ToLower(word), known, len(word)/3)
	if near == "" {
		return text
	}
	return fmt.Sprintf("%s; did you mean %q?", text, near)
}

// DescribeMalformed describes the fault of a scope parameter for which ParseRequestedScope returns
// ErrScopeMalformed, and names the first word that is no scope-token.
func DescribeMalformed(scope string) string {
	for word := range strings.SplitSeq(scope, " ") {
		if word != "" && !ValidScopeName(word) {
			return "must be scopes separated by single spaces, and " + Quote(word) + " has " + invalidCharacter(word)
		}
	}
	return "must be scopes separated by single spaces"
}

// invalidCharacter names a character that no scope has, the likeliest mistake first.
func invalidCharacter(word string) string {
	for _, found := range [...]struct{ characters, name string }{
		{"\t", "a tab"}, {"\r\n", "a line break"}, {`"'[]`, "a quotation mark or a bracket"}, {"\\", "a backslash"},
	} {
		if strings.ContainsAny(word, found.characters) {
			return found.name
		}
	}
	if strings.ContainsFunc(word, func(c rune) bool { return c > unicode.MaxASCII }) {
		return "a character that is not ASCII"
	}
	return "a control character"
}
