package grant_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
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

// TestWireContract4_1_ARequestWithoutRedirectURIAndVerifierLacksOneOfThem: the verifier where the
// code carries a challenge. A client with a code of another learns nothing about it.
func TestWireContract4_1_ARequestWithoutRedirectURIAndVerifierLacksOneOfThem(t *testing.T) {
	code := func(text string) func(*grant.Request) { return func(r *grant.Request) { r.Code = secret.New(text) } }
	neither := func(changes ...func(*grant.Request)) grant.Request {
		return redemption(append(changes, redirectedTo(""), verifiedBy(""))...)
	}
	b := newBench(0)
	b.refused(t, neither(), grant.ErrInvalidVerifier, "Authenticate", "Resolve")
	b.refusedBecause(t, neither(), cause.VerifierMissing)

	plain := johnsCode()
	plain.CodeChallenge = ""
	b.codes.Held["plain"] = plain
	used := secret.New("used")
	b.codes.Held[used.Reveal()] = johnsCode()
	b.mustIssue(t, redemption(code(used.Reveal())))
	delete(b.codes.Held, used.Reveal()) // the evidence is in the database
	for name, row := range map[string]struct {
		req   grant.Request
		calls []string
	}{
		"a code without a challenge":  {neither(code("plain")), []string{"Authenticate", "Resolve"}},
		"another client's code":       {neither(asOther), []string{"Authenticate", "Resolve"}},
		"another's without challenge": {neither(asOther, code("plain")), []string{"Authenticate", "Resolve"}},
		"an unknown code":             {neither(code("unknown")), []string{"Authenticate", "Resolve"}},
		"a used code":                 {neither(code(used.Reveal())), []string{"Authenticate", "Resolve"}},
		"a code that is too long":     {neither(code(strings.Repeat("c", grant.MaxCode+1))), []string{"Authenticate"}},
	} {
		b.Take()
		_, err := b.issue(t, row.req)
		wantField(t, err, "redirect_uri")
		if diff := cmp.Diff(row.calls, b.Take()); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", name, diff)
		}
	}
	b.mustIssue(t, redemption())
}
