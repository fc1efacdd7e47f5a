package decision_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// TestTheCodeLeavesAfterTheConsentIsRecorded: a failure in between loses the code with it, and the
// decision, sent again, records and returns both.
func TestTheCodeLeavesAfterTheConsentIsRecorded(t *testing.T) {
	w := shown(t)
	w.fail["Record"] = errDown
	if location, err := w.decider().Decide(t.Context(), approve("john")); !errors.Is(err, errDown) || !location.IsZero() {
		t.Fatalf("Decide: %q, %v, want the failure of the record and no location", location.Reveal(), err)
	}
	delete(w.fail, "Record")
	if _, err := w.decider().Decide(t.Context(), approve("john")); err != nil {
		t.Fatal(err)
	}
	if len(w.consents) != 1 || w.consents[secret.Sum("request")].WorkspaceID != "ws_acme" {
		t.Errorf("recorded are %v", w.consents)
	}
}

// TestAnApprovalIsRecordedAlthoughTheBrowserIsClosed: a device gets its approval without the browser.
func TestAnApprovalIsRecordedAlthoughTheBrowserIsClosed(t *testing.T) {
	w := shown(t)
	ctx, closed := context.WithCancel(t.Context())
	w.completing = closed
	if _, err := w.decider().Decide(ctx, approve("john")); err != nil || len(w.consents) != 1 {
		t.Errorf("%d consents, %v", len(w.consents), err)
	}
}

// TestUpgrade_APageThatRelease01BoundIsDecided, by its form, which names no page.
func TestUpgrade_APageThatRelease01BoundIsDecided(t *testing.T) {
	for _, form := range []decision.Form{approve("john"), deny("john")} {
		w := bound(t)
		if _, err := w.decider().Decide(t.Context(), unnamed(form)); err != nil {
			t.Error(err)
		}
	}
	w := bound(t)
	w.epoch++
	if _, err := w.decider().Decide(t.Context(), unnamed(approve("john"))); !errors.Is(err, decision.ErrStale) {
		t.Errorf("after a revocation: %v, want ErrStale", err)
	}
}

// TestFault_D3_ABoundPageOfAnotherUserHasItsCause: only a page of release 0.1 does not name its user.
func TestFault_D3_ABoundPageOfAnotherUserHasItsCause(t *testing.T) {
	_, err := bound(t).decider().Decide(t.Context(), unnamed(approve("jane")))
	if got := cause.Of(err); got != cause.AuthorizationOtherUser {
		t.Errorf("the cause is %q", got)
	}
}

func TestFault_A1_TheSameDecisionAgainLeadsToTheSamePlace(t *testing.T) {
	for name, form := range map[string]decision.Form{"approve": approve("john"), "deny": deny("john")} {
		w := shown(t)
		first, err := w.decider().Decide(t.Context(), form)
		if err != nil {
			t.Fatal(err)
		}
		form.AnsweredBefore = true
		again, err := w.decider().Decide(t.Context(), form)
		if err != nil || !again.Equal(first) {
			t.Errorf("%s again: %q, %v", name, again.Reveal(), err)
		}
		if last := w.done[len(w.done)-1]; last.RenewCode != (form.Verdict == decision.Approve) {
			t.Errorf("%s again: a fresh code is asked for: %v", name, last.RenewCode)
		}
		if recorded := len(w.consents); recorded != map[string]int{"approve": 1, "deny": 0}[name] {
			t.Errorf("%s twice records %d consents", name, recorded)
		}
	}
}

func TestFault_A1_ARedeemedCodeIsReplacedForTheBrowserThatHadIt(t *testing.T) {
	w := shown(t)
	form := approve("john")
	if _, err := w.decider().Decide(t.Context(), form); err != nil {
		t.Fatal(err)
	}
	w.redeemed["hash"] = true
	form.AnsweredBefore = true
	if _, err := w.decider().Decide(t.Context(), form); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("in a second tab: %v, want ErrNotFound", err)
	}
	form.SameForm = true
	if _, err := w.decider().Decide(t.Context(), form); err != nil {
		t.Fatalf("a second click: %v", err)
	}
	if last := w.done[len(w.done)-1]; !last.RenewCode || !last.CodeRedeemed {
		t.Errorf("authz is asked for the same code: %+v", last)
	}
}

func TestFault_A1_ADecidedRequestIsDecidedForGood(t *testing.T) {
	other := approve("john")
	other.WorkspaceID = "ws_zoo"
	for name, row := range map[string]struct {
		first, second decision.Form
		change        func(w *world)
		want          error
	}{
		"deny after approve":      {approve("john"), deny("john"), nil, errUnknown},
		"approve after deny":      {deny("john"), approve("john"), nil, errUnknown},
		"another workspace":       {approve("john"), other, nil, errUnknown},
		"another person":          {approve("john"), approve("jane"), nil, errUnknown},
		"another person denies":   {deny("john"), deny("jane"), nil, errUnknown},
		"nothing":                 {deny("john"), decision.Form{Request: request("john")}, nil, decision.ErrUndecided},
		"not a member any more":   {approve("john"), approve("john"), func(w *world) { w.members["usr_john"] = nil }, decision.ErrNotMember},
		"access ended since":      {approve("john"), approve("john"), func(w *world) { w.epoch++ }, decision.ErrStale},
		"a code that was used":    {approve("john"), approve("john"), func(w *world) { w.redeemed["hash"] = true }, decision.ErrNotFound},
		"a use that is not known": {approve("john"), approve("john"), func(w *world) { w.fail["Redeemed"] = errDown }, errDown},
		"a code of long ago": {approve("john"), approve("john"), func(w *world) {
			p := w.pending["request"]
			p.Outcome.Code = nil
		}, decision.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			w := shown(t)
			if _, err := w.decider().Decide(t.Context(), row.first); err != nil {
				t.Fatal(err)
			}
			if w.redeemedCalls != 0 {
				t.Error("the first decision asks for the use of a code")
			}
			if row.change != nil {
				row.change(w)
			}
			consents := len(w.consents)
			if _, err := w.decider().Decide(t.Context(), row.second); !errors.Is(err, row.want) {
				t.Errorf("a second decision: %v, want %v", err, row.want)
			}
			if len(w.consents) != consents || len(w.done) != 1 {
				t.Error("the second decision changed what the first did")
			}
		})
	}
}

func TestFault_A2_WhatWasDecidedIsTold(t *testing.T) {
	outcome := func(w *world, session string) (decision.Decided, error) {
		return w.decider().GetOutcome(t.Context(), request(session))
	}
	w := shown(t)
	if _, err := outcome(w, "john"); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("before the decision: %v, want ErrNotFound", err)
	}
	if _, err := w.decider().Decide(t.Context(), approve("john")); err != nil {
		t.Fatal(err)
	}
	want := decision.Decided{
		ClientName: "Example App", RedirectOrigin: "https://yourapp.com", Approved: true, At: decidedAt,
		Workspace: decision.Workspace{ID: "ws_acme", Name: "Acme"}, Repeatable: true, User: w.users["john"],
	}
	want.User.Workspaces = w.members["usr_john"]
	got, err := outcome(w, "john")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, approved (-want +got):\n%s", err, diff)
	}
	w.redeemed["hash"] = true
	want.Redeemed, want.Repeatable = true, false
	got, err = outcome(w, "john")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, redeemed (-want +got):\n%s", err, diff)
	}
	if _, err := outcome(w, "jane"); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("another person hears of it: %v", err)
	}
	if _, err := w.decider().GetPrompt(t.Context(), request("john")); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("the consent screen of a decided request: %v", err)
	}
	w.redeemed["hash"] = false
	w.epoch++
	if got, err := outcome(w, "john"); err != nil || got.Repeatable {
		t.Errorf("after the access was ended: %+v, %v", got, err)
	}
	w.epoch--
	w.members["usr_john"] = nil
	if got, err := outcome(w, "john"); err != nil || got.Repeatable || got.Workspace != (decision.Workspace{ID: "ws_acme"}) {
		t.Errorf("after leaving the workspace: %+v, %v", got, err)
	}

	w = shown(t)
	if _, err := w.decider().Decide(t.Context(), deny("john")); err != nil {
		t.Fatal(err)
	}
	if got, err := outcome(w, "john"); err != nil || got.Approved || !got.Repeatable {
		t.Errorf("denied: %+v, %v", got, err)
	}
}

func TestFault_A8_ASessionThatDoesNotSufficeIsAskedToSignIn(t *testing.T) {
	w := shown(t)
	p := w.pending["request"]
	p.SignIn = true
	w.pending["request"] = p
	if _, err := w.decider().GetPrompt(t.Context(), request("john")); !errors.Is(err, decision.ErrSignIn) {
		t.Errorf("Prompt: %v, want ErrSignIn", err)
	}
	for _, form := range []decision.Form{approve("john"), deny("john")} {
		if _, err := w.decider().Decide(t.Context(), form); !errors.Is(err, errSignedOut) {
			t.Errorf("Decide: %v, want what authz says", err)
		}
		if _, err := w.decider().Decide(t.Context(), unnamed(form)); !errors.Is(err, decision.ErrSignIn) {
			t.Errorf("Decide: %v, want ErrSignIn", err)
		}
	}
	wantNothing(t, w)
}

// TestASessionFromBeforeTheSignInThatTheClientAsksForSeesNoPage: also one with another value than at the start.
func TestASessionFromBeforeTheSignInThatTheClientAsksForSeesNoPage(t *testing.T) {
	w := newWorld()
	since := time.Unix(1_800_000_000, 0)
	p := w.pending["request"]
	p.SignInSince = since
	w.pending["request"] = p
	for signedIn, refused := range map[time.Time]bool{since.Add(-time.Microsecond): true, since: false, {}: false} {
		user := w.users["john"]
		user.AuthTime = signedIn
		w.users["john"] = user
		if _, err := w.decider().GetPrompt(t.Context(), request("john")); errors.Is(err, decision.ErrSignIn) != refused {
			t.Errorf("signed in at %s: %v", signedIn, err)
		}
	}
}
