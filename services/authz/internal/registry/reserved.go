package registry

import (
	"strings"
	"unicode"

	"github.com/mtibben/confusables"
	"golang.org/x/text/unicode/norm"
)

// Reserved are names that only the operator's own clients may have: users would take any other
// client for one of them.
type Reserved []string

// Imitated returns the reserved name that users could mistake a name for, or "". It compares how
// names look: their skeletons of UTS 39 §4 (the data of package confusables is that of Unicode 13;
// later versions add only rare letters), regardless of case, marks, spaces and punctuation, and of
// generic words around the reserved name that suggest that it is genuine.
func (r Reserved) Imitated(name string) string {
	for _, reserved := range r {
		for _, want := range skeletons(reserved) {
			for _, skeleton := range skeletons(name) {
				if want != "" && surrounded(skeleton, want) {
					return reserved
				}
			}
		}
	}
	return ""
}

// skeletons returns how a name looks, as letters and digits: as typed, in lower case and in upper
// case. An I looks like an l, and an i does not.
func skeletons(name string) []string {
	name = norm.NFKC.String(name)
	forms := []string{name, strings.ToLower(name), strings.ToUpper(name)}
	for i, form := range forms {
		// Lower case again, for letters whose lower case has another skeleton.
		forms[i] = plain(confusables.Skeleton(strings.ToLower(confusables.Skeleton(form))))
	}
	return forms
}

// plain returns only letters and digits, without the marks on them.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// surrounded reports whether a skeleton is the wanted one with nothing but generic words around it.
func surrounded(skeleton, want string) bool {
	before, after, found := strings.Cut(skeleton, want)
	return found && onlyGenericWords(before) && onlyGenericWords(after)
}

// onlyGenericWords reports whether a skeleton consists of generic words, or is empty.
func onlyGenericWords(skeleton string) bool {
	if skeleton == "" {
		return true
	}
	for _, word := range genericWords() {
		if rest, found := strings.CutPrefix(skeleton, confusables.Skeleton(word)); found && onlyGenericWords(rest) {
			return true
		}
	}
	return false
}

func genericWords() []string {
	return []string{
		"the", "my", "official", "app", "apps", "account", "accounts", "admin", "api", "auth", "com", "desktop", "help", "inc", "ios",
		"android", "login", "mobile", "oauth", "security", "service", "services", "sign", "in", "sso", "staff", "support", "system",
		"team", "tm", "web", "www",
	}
}
