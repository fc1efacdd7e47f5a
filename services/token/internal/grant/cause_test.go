package grant_test

import (
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// refusedBecause wants a refusal with a cause, of a known client, in no other words than those of
// every refusal of its sort.
func (b bench) refusedBecause(t *testing.T, req grant.Request, want cause.Cause) {
	t.Helper()
	_, err := b.issue(t, req)
	if cause.Of(err) != want {
		t.Errorf("refused with %v because of %s, want %s", err, cause.Of(err), want)
	}
	var refused *grant.RefusedError
	if !errors.As(err, &refused) || refused.ClientID == "" {
		t.Errorf("%s: the refusal names no client", want)
	}
}

func TestFault_D3_EveryRefusalOfACodeHasItsCause(t *testing.T) {
	for want, change := range map[cause.Cause]func(*grant.Request){
		cause.CodeUnknown:       func(r *grant.Request) { r.Code = secret.NewCode() },
		cause.CodeOtherClient:   asOther,
		cause.RedirectURIOther:  redirectedTo(callback + "/"),
		cause.VerifierMissing:   verifiedBy(""),
		cause.VerifierMalformed: verifiedBy("too short"),
		cause.VerifierWrong:     verifiedBy(challenge),
	} {
		newBench(0).refusedBecause(t, redemption(change), want)
	}
	b := newBench(0)
	b.store.Epoch = 1
	b.refusedBecause(t, redemption(), cause.ConsentRevoked)

	b = newBench(0)
	code := johnsCode()
	code.CodeChallenge = ""
	b.codes.Held[theCode] = code
	b.refusedBecause(t, redemption(), cause.VerifierUnexpected)
}

func TestFault_D3_AUsedCodeIsToldFromAReplay(t *testing.T) {
	b := newBench(0)
	b.mustIssue(t, redemption())
	delete(b.codes.Held, theCode)
	b.refusedBecause(t, redemption(asOther), cause.CodeOtherClient)
	b.refusedBecause(t, redemption(redirectedTo("https://elsewhere.test")), cause.CodeUsed)
	b.refusedBecause(t, redemption(), cause.CodeReplayed)
	_, err := b.issue(t, redemption())
	var reuse *grant.ReuseError
	if !errors.As(err, &reuse) || reuse.First.UserID != "usr_john" || reuse.First.WorkspaceID != "ws_acme" || reuse.First.Ago <= 0 {
		t.Errorf("a replay is described as %+v", reuse)
	}
	b.Fail("RedemptionOrigin", errDown)
	b.refusedBecause(t, redemption(), cause.CodeReplayed)
}

func TestFault_D3_EveryRefusalOfARefreshTokenHasItsCause(t *testing.T) {
	b := newBench(0)
	first := b.mustIssue(t, redemption()).Refresh
	b.refusedBecause(t, refreshing(secret.New("vdo_ort_cut")), cause.RefreshMalformed)
	b.refusedBecause(t, refreshing(secret.Generate(secret.RefreshToken)), cause.RefreshUnknown)
	b.refusedBecause(t, refreshing(first, asOther), cause.RefreshOtherClient)
	b.refusedBecause(t, refreshing(first, withScope("videos:read\tjobs:read")), cause.ScopeMalformed)
	b.refusedBecause(t, refreshing(first, withScope("export:write")), cause.ScopeNotGranted)
	second := b.mustIssue(t, refreshing(first)).Refresh
	b.refusedBecause(t, refreshing(first), cause.RefreshReused)
	b.Fail("ExplainRefresh", errDown)
	b.refusedBecause(t, refreshing(second), "")
	b.Fail("ExplainRefresh", nil)
	b.refusedBecause(t, refreshing(second), cause.RefreshRevoked)
}

func TestFault_D2_ARefreshSaysWhichScopeWasNotGranted(t *testing.T) {
	b := newBench(0)
	pair := b.mustIssue(t, redemption())
	_, err := b.issue(t, refreshing(pair.Refresh, withScope("jobs:read export:write")))
	const want = `the scope "export:write" was not granted: a refresh may only narrow the scope`
	if !errors.Is(err, grant.ErrInvalidScope) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestFault_D3_TheRequestsOwnFaultsHaveCauses(t *testing.T) {
	b := newBench(0)
	nobody := func(r *grant.Request) { r.Credentials = grant.Credentials{} }
	for want, req := range map[cause.Cause]grant.Request{
		cause.ParameterMissing: redemption(func(r *grant.Request) { r.Code = secret.String{} }),
		cause.ClientNotNamed:   redemption(nobody),
	} {
		if _, err := b.issue(t, req); cause.Of(err) != want {
			t.Errorf("%v because of %s, want %s", err, cause.Of(err), want)
		}
	}
}
