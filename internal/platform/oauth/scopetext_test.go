package oauth_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

func TestFault_D2_AWordThatIsNoScopeIsNamed(t *testing.T) {
	known := []string{"videos:read", "videos:write", "export:write"}
	for word, want := range map[string]string{
		"video:read":               `"video:read" is not a scope; did you mean "videos:read"?`,
		"VIDEOS:READ":              `"VIDEOS:READ" is not a scope; did you mean "videos:read"?`,
		"openid":                   `"openid" is not a scope`,
		"videos:read,export:write": `"videos:read,export:write" is not a scope: separate scopes by single spaces`,
		"videos:read%20x":          `"videos:read%20x" is not a scope: it is URL-encoded twice`,
		"videos:read+export:write": `"videos:read+export:write" is not a scope: it is URL-encoded twice, or scopes are joined by plus signs`,
	} {
		if got := oauth.DescribeUnknown(word, known); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestFault_D2_AMalformedScopeNamesTheWordAndWhatItHas(t *testing.T) {
	for scope, want := range map[string]string{
		"a:b\tc:d":                     `"a:b?c:d" has a tab`,
		"videos:read  a:b\nc:d é":      `"a:b?c:d" has a line break`,
		`["a:b"]`:                      `"[?a:b?]" has a quotation mark or a bracket`,
		`x:y a\b`:                      `"a?b" has a backslash`,
		"x:y é a\tb":                   `"?" has a character that is not ASCII`,
		"\xff":                         `"?" has a character that is not ASCII`,
		"a\x00\x7f":                    `"a??" has a control character`,
		strings.Repeat("x", 41) + "\t": `"` + strings.Repeat("x", 40) + `..." has a tab`,
	} {
		if got := oauth.DescribeMalformed(scope); got != "must be scopes separated by single spaces, and "+want {
			t.Errorf("%q: %s, want %s", scope, got, want)
		}
	}
}

// TestAWordIsRepeatedWithinBounds: RFC 6749 §5.2 allows no control characters in a description, and
// a long word would fill it.
func TestAWordIsRepeatedWithinBounds(t *testing.T) {
	for word, want := range map[string]string{
		"<script>": `"<script>"`, "a\x00b\u202ec\xff": `"a?b?c?"`, `"\`: `"??"`, strings.Repeat("x", 41): `"` + strings.Repeat("x", 40) + `..."`,
	} {
		if got := oauth.Quote(word); got != want {
			t.Errorf("%q is repeated as %s, want %s", word, got, want)
		}
	}
}
