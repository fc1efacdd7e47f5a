package grant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

func TestRFC6749_4_1_ACodeIsExchangedForAPair(t *testing.T) {
	b := newBench(0)
	pair, err := b.issue(t, redemption())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Authenticate", "Resolve", "Redeem"}, b.Take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if pair.Scope != granted || pair.ExpiresIn != time.Hour {
		t.Errorf("scope %q for %s, want what was approved in its order, for the configured hour", pair.Scope, pair.ExpiresIn)
	}
	want := grant.Redemption{
		CodeHash: secret.Sum(theCode), Code: johnsCode(), Lifetimes: lifetimes(), Identity: grant.Identity{UserID: "usr_john", WorkspaceID: "ws_acme"},
		Access: secret.Sum(pair.Access.Reveal()), Refresh: secret.Sum(pair.Refresh.Reveal()),
	}
	if diff := cmp.Diff(want, b.store.Redemption); diff != "" {
		t.Errorf("redemption (-want +got):\n%s", diff)
	}
}

// TestACodeResolvedWithTheAuthenticationIsNotResolvedAgain: whether it is valid or not.
func TestACodeResolvedWithTheAuthenticationIsNotResolvedAgain(t *testing.T) {
	b := newBench(0)
	b.clients.Code = &grant.ResolvedCode{Approved: johnsCode()}
	if _, err := b.issue(t, redemption()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Authenticate", "Redeem"}, b.Take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	b = newBench(0)
	b.clients.Code = &grant.ResolvedCode{Err: grant.ErrCodeUnknown}
	b.refused(t, redemption(), grant.ErrInvalidCode, "Authenticate", "Redeemed")
}

func redirectedTo(uri string) func(*grant.Request) {
	return func(r *grant.Request) { r.RedirectURI = uri }
}

func verifiedBy(text string) func(*grant.Request) {
	return func(r *grant.Request) { r.CodeVerifier = secret.New(text) }
}

// wrongVerifiers are those that do not belong to the challenge.
func wrongVerifiers() map[string]string {
	return map[string]string{
		"missing":   "",
		"malformed": "too short",
		"too long":  strings.Repeat("a", 129),
		"wrong":     strings.Repeat("a", 43),
		"challenge": challenge,
	}
}

func TestWireContract4_BindingIsCheckedClientThenRedirectURIThenVerifier(t *testing.T) {
	elsewhere, bad := redirectedTo(callback+"/"), verifiedBy("bad")
	for _, row := range []struct {
		name    string
		changes []func(*grant.Request)
		want    error
	}{
		{"client before all", []func(*grant.Request){asOther, elsewhere, bad}, grant.ErrInvalidCode},
		{"client alone", []func(*grant.Request){asOther}, grant.ErrInvalidCode},
		{"client before verifier", []func(*grant.Request){asOther, bad}, grant.ErrInvalidCode},
		{"redirect URI before verifier", []func(*grant.Request){elsewhere, bad}, grant.ErrInvalidCode},
		{"redirect URI alone", []func(*grant.Request){elsewhere}, grant.ErrInvalidCode},
		{"verifier last", []func(*grant.Request){bad}, grant.ErrInvalidVerifier},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(0)
			b.refused(t, redemption(row.changes...), row.want, "Authenticate", "Resolve")
			// The code's own client can still redeem it.
			b.mustIssue(t, redemption())
		})
	}
}

func TestRFC7636_4_6_TheVerifierMustFitTheChallenge(t *testing.T) {
	for name, text := range wrongVerifiers() {
		t.Run(name, func(t *testing.T) {
			newBench(0).refused(t, redemption(verifiedBy(text)), grant.ErrInvalidVerifier, "Authenticate", "Resolve")
		})
	}
}

func TestRFC9700_4_8_2_AVerifierWithoutAChallengeIsRefused(t *testing.T) {
	b := newBench(0)
	code := johnsCode()
	code.CodeChallenge = ""
	b.codes.Held[theCode] = code
	b.refused(t, redemption(), grant.ErrInvalidVerifier, "Authenticate", "Resolve")
	b.mustIssue(t, redemption(verifiedBy("")))
}

func TestAnUnknownCodeIsInvalid(t *testing.T) {
	b := newBench(0)
	b.refused(t, redemption(func(r *grant.Request) { r.Code = secret.New("unknown") }),
		grant.ErrInvalidCode, "Authenticate", "Resolve", "Redeemed")
}

func TestACodeThatIsTooLongIsNeverLookedUp(t *testing.T) {
	b := newBench(0)
	long := strings.Repeat("a", 129)
	b.codes.Held[long] = johnsCode()
	b.refused(t, redemption(func(r *grant.Request) { r.Code = secret.New(long) }), grant.ErrInvalidCode, "Authenticate")
	b.codes.Held[long[1:]] = johnsCode()
	b.mustIssue(t, redemption(func(r *grant.Request) { r.Code = secret.New(long[1:]) }))
}

// TestACodeOvertakenByARevocationIsInvalid: docs/adr/0002-the-store-decides.md. The refusal is no
// replay: nothing more is revoked for it.
func TestACodeOvertakenByARevocationIsInvalid(t *testing.T) {
	b := newBench(0)
	b.store.Epoch = 1
	b.refused(t, redemption(), grant.ErrInvalidCode, "Authenticate", "Resolve", "Redeem")
}

func TestRFC6749_4_1_2_ASecondUseRevokesWhatTheFirstIssued(t *testing.T) {
	for name, forget := range map[string]func(bench){
		"the code is still held":  func(bench) {},
		"the code has been wiped": func(b bench) { delete(b.codes.Held, theCode) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(0)
			pair := b.mustIssue(t, redemption())
			forget(b)
			if _, err := b.issue(t, redemption()); err == nil {
				t.Fatal("a code was exchanged twice")
			}
			calls := b.Take()
			if n := len(calls); n < 3 || calls[n-2] != "RevokeFamily" || calls[n-1] != "RedemptionOrigin" {
				t.Errorf("calls %v, want a revocation at the end, and what the log says of it", calls)
			}
			b.refused(t, refreshing(pair.Refresh), grant.ErrInvalidRefreshToken, "Authenticate", "Rotate", "Replayed", "ExplainRefresh")
		})
	}
}

// TestAReplayThatIsWrongInAnyOtherWayRevokesNothing: docs/wire-contract.md §4.1. A used code alone
// must not be enough to revoke anything, whether or not authz still has the code.
func TestAReplayThatIsWrongInAnyOtherWayRevokesNothing(t *testing.T) {
	wrong := map[string]func(*grant.Request){
		"another client":       asOther,
		"another redirect URI": redirectedTo("https://evil.test/callback"),
	}
	for name, text := range wrongVerifiers() {
		wrong[name+" verifier"] = verifiedBy(text)
	}
	for name, change := range wrong {
		t.Run(name, func(t *testing.T) {
			b := newBench(0)
			pair := b.mustIssue(t, redemption())
			if _, err := b.issue(t, redemption(change)); err == nil {
				t.Error("a used code was accepted")
			}
			delete(b.codes.Held, theCode)
			b.refused(t, redemption(change), grant.ErrInvalidCode, "Authenticate", "Resolve", "Redeemed")
			if !b.store.Live(secret.New(theCode)) {
				t.Error("the family has ended")
			}
			b.mustIssue(t, refreshing(pair.Refresh))
		})
	}
}

// TestAnOutageIsNeverAnInvalidCode: rule 4 of docs/architecture.md.
func TestAnOutageIsNeverAnInvalidCode(t *testing.T) {
	for _, row := range []struct {
		down  string
		used  bool
		calls []string
	}{
		{"Resolve", false, []string{"Authenticate", "Resolve"}},
		{"Redeem", false, []string{"Authenticate", "Resolve", "Redeem"}},
		{"Resolve", true, []string{"Authenticate", "Resolve"}},
		{"Redeem", true, []string{"Authenticate", "Resolve", "Redeem"}},
		{"Redeemed", true, []string{"Authenticate", "Resolve", "Redeem", "Redeemed"}},
		{"RevokeFamily", true, []string{"Authenticate", "Resolve", "Redeem", "Redeemed", "RevokeFamily"}},
	} {
		b := newBench(0)
		if row.used {
			b.mustIssue(t, redemption())
		}
		b.Fail(row.down, errDown)
		b.refused(t, redemption(), errDown, row.calls...)
		if b.store.Live(secret.New(theCode)) != row.used {
			t.Errorf("an outage of %s changed the store", row.down)
		}
		b.Fail(row.down, nil)
		if !row.used {
			b.mustIssue(t, redemption())
		}
	}
}
