package decision_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/policy"
)

// approvalForm is the form of john who allows the client in Acme.
func approvalForm() decision.Form {
	return decision.Form{Request: request("john"), Verdict: decision.Approve, WorkspaceID: "ws_acme", Page: &decision.Page{ClientID: "app"}}
}

func TestAnApprovalObeysThePolicyOfItsMoment(t *testing.T) {
	for _, access := range []policy.Access{policy.NeedsApproval, policy.Closed} {
		w := shown(t) // the page was shown while the workspace was open
		w.access = map[string]policy.Access{"ws_acme": access}
		_, err := w.decider().Decide(t.Context(), approvalForm())
		var refused *decision.PolicyError
		if !errors.Is(err, decision.ErrPolicy) || !errors.As(err, &refused) || refused.ClientID != "app" {
			t.Errorf("access %d: %v, of %+v", access, err, refused)
		}
		elsewhere := approvalForm()
		elsewhere.Page = &decision.Page{ClientID: "another"}
		if _, err := w.decider().Decide(t.Context(), elsewhere); !errors.Is(err, decision.ErrPolicy) || errors.As(err, &refused) {
			t.Errorf("access %d: a form that names another client: %v", access, err)
		}
		if len(w.done) > 0 || len(w.consents) > 0 || w.pending["request"].Outcome != nil {
			t.Errorf("access %d: the authorization was completed", access)
		}
		other := approvalForm()
		other.WorkspaceID = "ws_zoo"
		if _, err := w.decider().Decide(t.Context(), other); err != nil {
			t.Errorf("another workspace: %v", err)
		}
	}
}

// TestAPolicyIsAskedAboutTheClientThatGetsTheCode: a form names the client, and a user can make any form for
// the own browser.
func TestAPolicyIsAskedAboutTheClientThatGetsTheCode(t *testing.T) {
	w := shown(t)
	form := approvalForm()
	form.Page = &decision.Page{ClientID: "another"}
	if _, err := w.decider().Decide(t.Context(), form); !errors.Is(err, errUnknown) {
		t.Errorf("an approval in the name of another client: %v", err)
	}
	if len(w.done) > 0 || len(w.consents) > 0 || w.pending["request"].Outcome != nil {
		t.Error("the authorization was completed")
	}
}

func TestADenialNeedsNoPolicy(t *testing.T) {
	w := shown(t)
	w.access = map[string]policy.Access{"ws_acme": policy.Closed}
	form := approvalForm()
	form.Verdict = decision.Deny
	if _, err := w.decider().Decide(t.Context(), form); err != nil {
		t.Errorf("denying: %v", err)
	}
}

func TestAPageOfRelease01ObeysThePolicyToo(t *testing.T) {
	w := bound(t)
	w.access = map[string]policy.Access{"ws_acme": policy.Closed}
	form := approvalForm()
	form.Page = nil
	if _, err := w.decider().Decide(t.Context(), form); !errors.Is(err, decision.ErrPolicy) {
		t.Errorf("a bound page: %v", err)
	}
}

func TestAnApprovalFromBeforeAChangeOfThePolicyMayBeRepeated(t *testing.T) {
	w := shown(t)
	first, err := w.decider().Decide(t.Context(), approvalForm())
	if err != nil {
		t.Fatal(err)
	}
	w.access = map[string]policy.Access{"ws_acme": policy.Closed}
	if again, err := w.decider().Decide(t.Context(), approvalForm()); err != nil || again.Reveal() != first.Reveal() {
		t.Errorf("a second click: %q, %v", again.Reveal(), err)
	}
}

func TestAnUnknownPolicyIsNoPermission(t *testing.T) {
	w := shown(t)
	w.fail["Access"] = errDown
	if _, err := w.decider().Decide(t.Context(), approvalForm()); !errors.Is(err, errDown) || len(w.done) > 0 {
		t.Errorf("the policy cannot be read: %v", err)
	}
}

func TestThePromptShowsPoliciesAndTheUsersRequests(t *testing.T) {
	w := newWorld()
	w.access = map[string]policy.Access{"ws_acme": policy.NeedsApproval}
	for state, want := range map[policy.State]decision.WorkspacePolicy{policy.Waiting: {}, policy.Declined: {Refused: true}, policy.Granted: {Granted: true}} {
		w.asked = []policy.Request{
			{WorkspaceID: "ws_acme", ClientID: "app", At: decidedAt, State: state, Answer: "not now"},
			{WorkspaceID: "ws_zoo", ClientID: "app", At: decidedAt.Add(time.Hour), State: policy.Waiting},
		}
		want.Access, want.AskedAt, want.Answer = policy.NeedsApproval, decidedAt, "not now"
		prompt, err := w.decider().GetPrompt(t.Context(), request("john"))
		if err != nil || prompt.Policies["ws_acme"] != want || prompt.Policies["ws_zoo"] != (decision.WorkspacePolicy{Access: policy.Open}) {
			t.Errorf("the policies are %+v, %v", prompt.Policies, err)
		}
	}
}

func TestASilentApprovalObeysThePolicy(t *testing.T) {
	w := newWorld()
	p := w.pending["request"]
	p.Silent = true
	w.pending["request"] = p
	w.consents[secret.Sum("earlier")] = decision.Consent{UserID: "usr_john", ClientID: "app", WorkspaceID: "ws_acme", Scope: p.Scope}
	w.access = map[string]policy.Access{"ws_acme": policy.NeedsApproval}
	if _, err := w.decider().DecideSilently(t.Context(), request("john")); err != nil || w.refused != decision.ConsentRequired || len(w.done) > 0 {
		t.Errorf("refused %v, done %v, %v", w.refused, w.done, err)
	}
}

func TestAMemberAsksForTheClientOfAnOpenRequest(t *testing.T) {
	w := newWorld()
	w.access = map[string]policy.Access{"ws_acme": policy.Closed}
	d := w.decider()
	if err := d.Ask(t.Context(), request("john"), "ws_acme", "for captions"); err != nil {
		t.Fatal(err)
	}
	want := policy.Request{WorkspaceID: "ws_acme", ClientID: "app", User: oauth.NamedUser{UserID: "usr_john", Name: "John Doe"}, Reason: "for captions"}
	if len(w.asked) != 1 || w.asked[0] != want {
		t.Errorf("asked %+v", w.asked)
	}
	if err := d.Ask(t.Context(), request("john"), "ws_none", ""); !errors.Is(err, decision.ErrNotMember) {
		t.Errorf("another workspace: %v", err)
	}
	if err := d.Ask(t.Context(), request("nobody"), "ws_acme", ""); !errors.Is(err, errSignedOut) {
		t.Errorf("without a session: %v", err)
	}
	p := w.pending["request"]
	p.Outcome = &decision.Outcome{UserID: "usr_john"}
	w.pending["request"] = p
	if err := d.Ask(t.Context(), request("john"), "ws_acme", ""); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("a decided authorization: %v", err)
	}
}
