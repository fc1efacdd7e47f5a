package grant_test

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

func TestFault_B12_ARefreshIgnoresTheNamesThatAuthorizationIgnored(t *testing.T) {
	for asked, want := range map[string]string{
		"openid jobs:read": "jobs:read", " jobs:read  offline_access": "jobs:read", "openid": granted, "openid profile email": granted,
		" ": granted,
	} {
		b := newBench(lifetimes().Access)
		first := b.mustIssue(t, redemption())
		second := b.mustIssue(t, refreshing(first.Refresh, withScope(asked)))
		if second.Scope != want {
			t.Errorf("%q gives %q, want %q", asked, second.Scope, want)
		}
		again := b.mustIssue(t, refreshing(first.Refresh, withScope(asked)))
		if again.Scope != want || again.Refresh.Reveal() != second.Refresh.Reveal() {
			t.Errorf("%q again gives %q, want the same pair", asked, again.Scope)
		}
	}
	b := newBench(0)
	first := b.mustIssue(t, redemption())
	if _, err := b.issue(t, refreshing(first.Refresh, withScope("openid export:write"))); err == nil {
		t.Error("more than was granted is issued beside an ignored name")
	}
}

// TestOAuth21_10_2_ACodeWithAChallengeNeedsNoRedirectURI: the verifier authenticates the client
// that made the authorization request.
func TestOAuth21_10_2_ACodeWithAChallengeNeedsNoRedirectURI(t *testing.T) {
	b := newBench(0)
	b.refused(t, redemption(redirectedTo(""), verifiedBy(wrongVerifiers()["wrong"])), grant.ErrInvalidVerifier, "Authenticate", "Resolve")
	b.refused(t, redemption(redirectedTo(callback+"/")), grant.ErrInvalidCode, "Authenticate", "Resolve")
	b.mustIssue(t, redemption(redirectedTo("")))
	b.refused(t, redemption(redirectedTo("")), grant.ErrCodeReplayed, "Authenticate", "Resolve", "Redeem", "Redeemed", "RevokeFamily", "RedemptionOrigin")

	b = newBench(0)
	code := johnsCode()
	code.CodeChallenge = ""
	b.codes.Held[theCode] = code
	_, err := b.issue(t, redemption(redirectedTo("")))
	wantField(t, err, "redirect_uri")
	b.codes.Held["another's"] = code
	b.refused(t, redemption(asOther, redirectedTo(""), func(r *grant.Request) { r.Code = secret.New("another's") }), grant.ErrInvalidCode,
		"Authenticate", "Resolve")
}
