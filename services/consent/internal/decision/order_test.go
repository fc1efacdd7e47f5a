package decision_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// halfway is a world in which john's approval for ws_acme was recorded and its completion failed.
func halfway(t *testing.T) *world {
	t.Helper()
	w := shown(t)
	w.fail["Complete"] = errDown
	if _, err := w.decider().Decide(t.Context(), approve("john")); !errors.Is(err, errDown) {
		t.Fatalf("Decide: %v, want the failure of the completion", err)
	}
	if len(w.consents) != 1 {
		t.Fatalf("%d consents are recorded before completing, want 1", len(w.consents))
	}
	delete(w.fail, "Complete")
	return w
}

func TestAnApprovalRepeatedAfterAFailedCompletionIsCompletedAndRecordedOnce(t *testing.T) {
	w := halfway(t)
	if _, err := w.decider().Decide(t.Context(), approve("john")); err != nil {
		t.Fatal(err)
	}
	if len(w.consents) != 1 || len(w.done) != 1 {
		t.Errorf("%d consents and %d completions, want 1 and 1", len(w.consents), len(w.done))
	}
}

func TestARequestRecordedForOneWorkspaceIsNotCompletedForAnother(t *testing.T) {
	w := halfway(t)
	form := approve("john")
	form.WorkspaceID = "ws_zoo"
	if _, err := w.decider().Decide(t.Context(), form); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("Decide: %v, want ErrNotFound", err)
	}
	if got := w.consents[secret.Sum("request")].WorkspaceID; got != "ws_acme" || len(w.done) != 0 {
		t.Errorf("%s is recorded and %d requests are completed, want ws_acme and none", got, len(w.done))
	}
}

func TestADenialWithdrawsWhatAFailedApprovalRecorded(t *testing.T) {
	w := halfway(t)
	if _, err := w.decider().Decide(t.Context(), deny("john")); err != nil {
		t.Fatal(err)
	}
	if len(w.consents) != 0 {
		t.Error("the app is shown as connected though the person denied")
	}
}

func TestADenialThatFailsWithdrawsNothing(t *testing.T) {
	w := halfway(t)
	w.fail["Complete"] = errDown // as when the reply is lost after an approval was completed
	if _, err := w.decider().Decide(t.Context(), deny("john")); !errors.Is(err, errDown) {
		t.Errorf("Decide: %v, want the failure of the completion", err)
	}
	if len(w.consents) != 1 {
		t.Error("the consent is gone though its request may have got a code")
	}
}

func TestADenialStandsWhenTheWithdrawalFails(t *testing.T) {
	w := halfway(t)
	w.fail["Withdraw"] = errDown
	if _, err := w.decider().Decide(t.Context(), deny("john")); err != nil {
		t.Errorf("Decide: %v, want success", err)
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

func TestFault_A1_ADecidedRequestIsDecidedForGood(t *testing.T) {
	other := approve("john")
	other.WorkspaceID = "ws_zoo"
	for name, row := range map[string]struct {
		first, second decision.Form
		change        func(w *world)
		want          error
	}{
		"deny after approve":      {approve("john"), deny("john"), nil, decision.ErrNotFound},
		"approve after deny":      {deny("john"), approve("john"), nil, decision.ErrNotFound},
		"another workspace":       {approve("john"), other, nil, decision.ErrNotFound},
		"another person":          {approve("john"), approve("jane"), nil, decision.ErrNotFound},
		"another person denies":   {deny("john"), deny("jane"), nil, decision.ErrNotFound},
		"nothing":                 {deny("john"), decision.Form{Request: request("john")}, nil, decision.ErrNotFound},
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
			if w.asked != 0 {
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

func TestAnApprovalThatComesAfterADenialIsNotListed(t *testing.T) {
	w := shown(t)
	before := w.pending["request"]
	if _, err := w.decider().Decide(t.Context(), deny("john")); err != nil {
		t.Fatal(err)
	}
	after := w.pending["request"]
	w.pending["request"] = before // as the approval reads it, a moment before
	w.onRecord = func() { w.pending["request"] = after }
	if _, err := w.decider().Decide(t.Context(), approve("john")); !errors.Is(err, errUnknown) {
		t.Errorf("Decide: %v, want what authz says", err)
	}
	if len(w.consents) != 0 {
		t.Error("the app is shown as connected though the person denied")
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
		Workspace: decision.Workspace{ID: "ws_acme", Name: "Acme"}, Repeatable: true,
	}
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
		if _, err := w.decider().Decide(t.Context(), form); !errors.Is(err, decision.ErrSignIn) {
			t.Errorf("Decide: %v, want ErrSignIn", err)
		}
	}
	wantNothing(t, w)
}
