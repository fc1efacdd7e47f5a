package developers

import (
	"slices"
	"strings"

	"github.com/vidocu/usher/gateway/internal/page"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// difference returns what a refused request sent and what was expected instead, with the parts that differ
// marked, and the name of the parameter or of the claim; nil where nothing was compared that may be shown, and
// for a row that counts several kinds, of which it has no values.
func difference(one *activityv1.LoggedRequest, redirectURIs []string) (name string, rows []page.Difference) {
	k := one.GetKind()
	if one.GetOverflow() {
		return "", nil
	}
	got, expected := k.GetGot(), k.GetExpected()
	registered := expected.GetRedirectUri()
	switch k.GetCause() { //nolint:exhaustive // the others compare no redirect URI
	case errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED, errorv1.Cause_CAUSE_REDIRECT_URI_OTHER:
		if registered == "" && got.GetRedirectUri() != "" { // without one, the row has no values
			registered = nearestAddress(got.GetRedirectUri(), redirectURIs)
		}
	}
	for _, one := range []struct{ name, sent, expected string }{
		{"redirect_uri", got.GetRedirectUri(), registered},
		{"scope", got.GetScope(), expected.GetScope()},
		{"grant_type", got.GetGrantType(), expected.GetGrantType()},
		{"resource", got.GetResource(), expected.GetResource()},
		{"token_endpoint_auth_method", got.GetAuthMethod(), expected.GetAuthMethod()},
		{"code_challenge_method", got.GetCodeChallengeMethod(), expected.GetCodeChallengeMethod()},
		{"response_type", got.GetResponseType(), expected.GetResponseType()},
		{"Content-Type", got.GetMediaType(), expected.GetMediaType()},
		{k.GetField(), got.GetValue(), expected.GetValue()},
	} {
		if one.expected == "" || one.sent == one.expected {
			continue
		}
		label := "Expected"
		if one.name == "redirect_uri" || one.name == "post_logout_redirect_uri" {
			label = "Registered"
		}
		sent, wanted := compare(one.name, one.sent, one.expected)
		if k.GetCause() == errorv1.Cause_CAUSE_SCOPE_INSUFFICIENT {
			sent = plain(one.sent) // it has too little, and nothing wrong
		}
		return one.name, []page.Difference{{Label: "You sent", Parts: sent}, {Label: label, Parts: wanted}}
	}
	return "", nil
}

// compare marks what differs: of two addresses to the character, else by whole words.
func compare(name, sent, expected string) (a, b []page.DifferencePart) {
	switch name {
	case "redirect_uri", "post_logout_redirect_uri", "htu", "aud", "resource":
		if sent != "" && !strings.Contains(sent+expected, " ") {
			return characters([]rune(sent), []rune(expected))
		}
	}
	return words(sent, expected)
}

// characters marks the part between the common beginning and the common end of two texts.
func characters(a, b []rune) (sent, expected []page.DifferencePart) {
	before := 0
	for before < min(len(a), len(b)) && a[before] == b[before] {
		before++
	}
	after := 0
	for after < min(len(a), len(b))-before && a[len(a)-1-after] == b[len(b)-1-after] {
		after++
	}
	parts := func(text []rune) (list []page.DifferencePart) {
		middle := len(text) - after
		for _, part := range []page.DifferencePart{
			{Text: string(text[:before])}, {Text: string(text[before:middle]), Marked: true}, {Text: string(text[middle:])},
		} {
			if part.Text != "" {
				list = append(list, part)
			}
		}
		return list
	}
	return parts(a), parts(b)
}

// omitted stands for a part of a value that the log does not have.
const omitted = "…"

// words marks the words that were sent and are none of the expected ones, and the expected word if there is
// only one. It marks nothing where the log does not have every expected word.
func words(sent, expected string) (a, b []page.DifferencePart) {
	if strings.Contains(expected, omitted) {
		return plain(sent), plain(expected)
	}
	wanted := strings.Fields(expected)
	for n, word := range strings.Fields(sent) {
		if n > 0 {
			a = append(a, page.DifferencePart{Text: " "})
		}
		a = append(a, page.DifferencePart{Text: word, Marked: !slices.Contains(wanted, word)})
	}
	return a, []page.DifferencePart{{Text: expected, Marked: len(wanted) == 1}}
}

func plain(text string) []page.DifferencePart {
	if text == "" {
		return nil
	}
	return []page.DifferencePart{{Text: text}}
}

// nearestAddress returns the registered address that has most in common with the one that was sent.
func nearestAddress(sent string, registered []string) string {
	best, most := "", -1
	for _, uri := range registered {
		if n := commonPrefix(sent, uri) + commonSuffix(sent, uri); n > most {
			best, most = uri, n
		}
	}
	return best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
