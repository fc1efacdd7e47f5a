package oauth

import (
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth/nearest"
)

// maxQuoted is how much of a word is repeated.
const maxQuoted = 40

// Quote repeats a word of a scope in an error: in quotation marks, cut after 40 characters, and what is not printable ASCII, a
// quotation mark or a backslash as `?`. No other value of a request is ever repeated: it may be a secret.
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

// DescribeUnknown says of a word that is not a scope what it looks like, or which known scope is the nearest.
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

// DescribeMalformed says what is wrong with a scope parameter that ParseScope refuses as ErrScopeMalformed.
func DescribeMalformed(scope string) string {
	problem := "must be scopes separated by single spaces"
	for _, found := range [...]struct{ characters, name string }{
		{"\t", "a tab"}, {"\r\n", "a line break"}, {`"'[]`, "a quotation mark or a bracket"}, {"\\", "a backslash"},
	} {
		if strings.ContainsAny(scope, found.characters) {
			return problem + ", and has " + found.name
		}
	}
	switch {
	case strings.Trim(scope, " ") != scope:
		return problem + ", and has one before or after them"
	case strings.Contains(scope, "  "):
		return problem + ", and has two in a row"
	}
	return problem + ", and has a character that is not ASCII"
}
