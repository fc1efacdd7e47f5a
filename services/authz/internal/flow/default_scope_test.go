package flow_test

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// stranger returns a request of the client that is not verified.
func stranger(change ...string) string {
	return native(append([]string{"client_id", authztest.Unverified, "redirect_uri", authztest.Callback}, change...)...)
}

// TestRFC6749_3_3_ARequestWithoutAScopeAsksForTheDefaultScope: names that are ignored do not count.
func TestRFC6749_3_3_ARequestWithoutAScopeAsksForTheDefaultScope(t *testing.T) {
	b := newBench(t)
	want := func(what, q, scope string) {
		t.Helper()
		step := b.start(t, q, b.signedIn())
		p, err := b.Pending.Find(t.Context(), step.RequestID, b.token)
		if err != nil || p.Scope.String() != scope {
			t.Errorf("%s: %+v, %v asks for %q, want %q", what, step, err, p.Scope, scope)
		}
	}
	for what, sent := range map[string]string{"none": "", "blanks": "  ", "ignored names": "openid  offline_access"} {
		want(what, stranger("scope", sent), "analyze:write")
		step := b.start(t, native("scope", sent), b.signedIn())
		if step.Kind != flow.Redirect || step.Refusal.Cause != cause.ScopeMissing {
			t.Errorf("%s, without a default scope: %+v", what, step)
		}
	}
	want("an ignored name beside another", stranger("scope", " offline_access videos:read openid "), "videos:read")
	b.change(t, authztest.Unverified, func(r *client.Registration) {
		r.DefaultScope = oauth.Scope{"gone:read", "analyze:write", "videos:read"}
		r.Scope = oauth.Scope{"videos:read"}
	})
	want("names that left the catalog and the registration", stranger("scope", ""), "videos:read")
}
