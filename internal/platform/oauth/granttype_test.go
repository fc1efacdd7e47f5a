package oauth_test

import (
	"slices"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

func TestRFC6749_1_3_EveryGrantTypeIsNamedOnceAndOneStarts(t *testing.T) {
	all := oauth.GrantTypeNames(nil)
	if want := []string{"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"}; !slices.Equal(all, want) {
		t.Errorf("the grant types are %q, want %q", all, want)
	}
	if got := oauth.DefaultGrantTypes(); !slices.Equal(got, all[:2]) {
		t.Errorf("a client gets %q", got)
	}
	starts := func(g oauth.GrantType) bool { return g.Starts }
	if !oauth.AnyGrantType(all, starts) || oauth.AnyGrantType([]string{"refresh_token", "other"}, starts) || oauth.AnyGrantType(nil, starts) {
		t.Error("a client starts with the wrong grant type")
	}
}

func TestNamesAreJoinedForASentence(t *testing.T) {
	for want, names := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := oauth.JoinNames(names, "or"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
