package oauth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
)

func TestRFC6749_3_3_ScopeGrammar(t *testing.T) {
	for s, want := range map[string]oauth.Scope{
		"videos:read":                         {"videos:read"},
		"jobs:read videos:read":               {"jobs:read", "videos:read"},
		"videos:read videos:read":             {"videos:read"},
		"b a b c a":                           {"b", "a", "c"},
		"Videos:Read videos:read":             {"Videos:Read", "videos:read"},
		"videos:read,export:write * videos:*": {"videos:read,export:write", "*", "videos:*"},
		"!#$[]~":                              {"!#$[]~"},
	} {
		got, err := oauth.ParseScope(s)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("ParseScope(%q) = %q, %v, want %q", s, got, err, want)
		}
	}
	for _, s := range []string{" ", " a", "a ", "a  b", "a\tb", "a\nb", "a\rb", "a\u00a0b", `a"b`, `a\b`, "a\x00b", "a\x7f", "é", "a\xffb"} {
		if got, err := oauth.ParseScope(s); !errors.Is(err, oauth.ErrScopeMalformed) || !errors.Is(err, oauth.ErrScope) || got != nil {
			t.Errorf("ParseScope(%q) = %q, %v", s, got, err)
		}
	}
	if _, err := oauth.ParseScope(""); !errors.Is(err, oauth.ErrScopeMissing) || !errors.Is(err, oauth.ErrScope) {
		t.Errorf("an absent scope gives %v", err)
	}
}

func TestScopesAreComparedWholeAndExactly(t *testing.T) {
	granted := oauth.Scope{"videos:read", "analyze:write"}
	for _, name := range []string{"videos:read_all", "xvideos:read", "videos", "videos:write", "Videos:Read", "analyze:read", ""} {
		if granted.Contains(name) || granted.Covers(oauth.Scope{name}) {
			t.Errorf("%q is covered by %q", name, granted)
		}
	}
	if !granted.Contains("videos:read") || !granted.Covers(oauth.Scope{"analyze:write", "videos:read"}) || !granted.Covers(nil) {
		t.Errorf("%q does not cover itself", granted)
	}
}

func TestMissingKeepsTheOrderAsked(t *testing.T) {
	asked := oauth.Scope{"c", "a", "b"}
	if got := asked.Missing(oauth.Scope{"a"}); !cmp.Equal(got, oauth.Scope{"c", "b"}) {
		t.Errorf("missing is %q", got)
	}
	if got := asked.Missing(asked); got != nil {
		t.Errorf("missing is %q", got)
	}
	if asked.String() != "c a b" {
		t.Errorf("printed as %q", asked)
	}
}

func FuzzParseScope(f *testing.F) {
	for _, s := range []string{"", "videos:read", "a b a", " a", "a  b", "a\tb", "\xff", `"`, strings.Repeat("a:b ", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		scope, err := oauth.ParseScope(s)
		if err != nil {
			return
		}
		again, err := oauth.ParseScope(scope.String())
		if err != nil || !cmp.Equal(scope, again) {
			t.Errorf("%q reads back as %q, %v", scope, again, err)
		}
		for name := range strings.FieldsSeq(s) {
			if !scope.Contains(name) {
				t.Errorf("%q lost %q", scope, name)
			}
		}
		if len(scope.String()) > len(s) {
			t.Errorf("%q grew to %q", s, scope)
		}
	})
}

func TestScopeInOrder(t *testing.T) {
	got := oauth.Scope{"old", "b", "a", "b", "older"}.InOrder([]string{"a", "other", "b"})
	if diff := cmp.Diff(oauth.Scope{"a", "b", "old", "older"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
