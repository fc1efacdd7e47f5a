package oauth_test

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/oauthtest"
)

func TestRFC9700_4_1_3_NoHostileAddressMatchesARegisteredOne(t *testing.T) {
	victims := oauthtest.Victims()
	for _, uri := range victims {
		if err := oauth.CheckRedirectURI(uri, allowedSchemes()); err != nil {
			t.Errorf("%q cannot be registered: %v", uri, err)
		}
	}
	hostile := oauthtest.HostileRedirectURIs()
	if len(hostile) < 200 {
		t.Errorf("%d hostile addresses, want 200 at least", len(hostile))
	}
	seen := map[string]bool{}
	for _, uri := range hostile {
		for _, native := range []bool{false, true} {
			if oauth.MatchRedirectURI(victims, uri, native) {
				t.Errorf("%q matches", uri)
			}
		}
		if seen[uri] {
			t.Errorf("%q is twice in the table", uri)
		}
		seen[uri] = true
	}
	for _, uri := range oauthtest.UnregistrableRedirectURIs() {
		if oauth.CheckRedirectURI(uri, allowedSchemes()) == nil {
			t.Errorf("%q can be registered", uri)
		}
	}
}
