package registry

import (
	"strings"
	"unicode"

	"github.com/mtibben/confusables"
	"golang.org/x/text/unicode/norm"
)

// Reserved are names that only the operator's own apps may have: people would take any other for one of them.
type Reserved []string

// Imitated returns the reserved name that people could take a name for, or an empty one. It compares what names look like: the
// skeletons of UTS 39 §4 (the data of package confusables is that of Unicode 13; later versions add rare letters alone), whatever
// their case, marks, spaces and punctuation, and also where words surround the reserved name that promise that it is meant.
func (r Reserved) Imitated(name string) string {
	for _, reserved := range r {
		for _, want := range looks(reserved) {
			for _, look := range looks(name) {
				if want != "" && surrounded(look, want) {
					return reserved
				}
			}
		}
	}
	return ""
}

// looks is what a name looks like, as letters and digits: typed as it is, in small letters and in capitals. An I looks like an l, and
// an i does not.
func looks(name string) []string {
	name = norm.NFKC.String(name)
	forms := []string{name, strings.ToLower(name), strings.ToUpper(name)}
	for i, form := range forms {
		// Once more, for what has another look in small letters.
		forms[i] = plain(confusables.Skeleton(strings.ToLower(confusables.Skeleton(form))))
	}
	return forms
}

// plain leaves letters and digits, without the marks on them.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// surrounded reports whether a look is the wanted one with nothing around it but words that promise that it is meant.
func surrounded(look, want string) bool {
	before, after, found := strings.Cut(look, want)
	return found && promise(before) && promise(after)
}

// promise reports whether a look is made of such words, or of nothing.
func promise(look string) bool {
	if look == "" {
		return true
	}
	for _, word := range promises() {
		if rest, found := strings.CutPrefix(look, confusables.Skeleton(word)); found && promise(rest) {
			return true
		}
	}
	return false
}

func promises() []string {
	return []string{
		"the", "my", "official", "app", "apps", "account", "accounts", "admin", "api", "auth", "com", "desktop", "help", "inc", "ios",
		"android", "login", "mobile", "oauth", "security", "service", "services", "sign", "in", "sso", "staff", "support", "system",
		"team", "tm", "web", "www",
	}
}
