package decision_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// approve and deny are forms of a page that was shown at epoch 0.
func approve(session string) decision.Form {
	return decision.Form{Request: request(session), Verdict: decision.Approve, WorkspaceID: "ws_acme", Page: &decision.Page{ClientID: "app"}}
}

func deny(session string) decision.Form {
	return decision.Form{Request: request(session), Verdict: decision.Deny, Page: &decision.Page{ClientID: "app"}}
}

// unnamed is a form that does not name its page, as the form of an outcome and those of release
// 0.1.
func unnamed(f decision.Form) decision.Form {
	f.Page = nil
	return f
}

// wantNothing fails when anything was recorded or completed.
func wantNothing(t *testing.T, w *world) {
	t.Helper()
	if len(w.consents) != 0 || len(w.done) != 0 {
		t.Errorf("%d consents are recorded and %d requests completed, want none", len(w.consents), len(w.done))
	}
}

func TestAnApprovalIsRecordedAndCompleted(t *testing.T) {
	w := newWorld()
	w.epoch = 4
	prompt, err := w.decider().GetPrompt(t.Context(), request("john"))
	if err != nil {
		t.Fatal(err)
	}
	form := approve("john")
	form.Page = prompt.Page
	location, err := w.decider().Decide(t.Context(), form)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(location.Reveal(), "code=") {
		t.Errorf("the browser goes to %q, want a code", location.Reveal())
	}
	hash := secret.Sum("request")
	want := map[secret.Hash]decision.Consent{hash: {
		Request: hash, UserID: "usr_john", ClientID: "app", WorkspaceID: "ws_acme",
		Scope: oauth.Scope{"videos:read", "analyze:write"}, Epoch: 4,
	}}
	if diff := cmp.Diff(want, w.consents); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
	if done := w.done[0]; done.UserID != "usr_john" || done.WorkspaceID != "ws_acme" || done.DisplayName != "John Doe" {
		t.Errorf("the request is completed for %q as %q in %q", done.UserID, done.DisplayName, done.WorkspaceID)
	}
}

func TestADenialLeadsBackAndRecordsNothing(t *testing.T) {
	w := shown(t)
	location, err := w.decider().Decide(t.Context(), deny("john"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(location.Reveal(), "error=access_denied") || len(w.consents) != 0 {
		t.Errorf("a denial leads to %q and records %d consents", location.Reveal(), len(w.consents))
	}
}

func TestWhatIsWrongDecidesNothing(t *testing.T) {
	undecided, unknownVerdict, noWorkspace, foreign := approve("john"), approve("john"), approve("john"), approve("john")
	undecided.Verdict, unknownVerdict.Verdict = decision.Undecided, decision.Verdict(7)
	noWorkspace.WorkspaceID, foreign.WorkspaceID = "", "ws_foreign"
	for name, c := range map[string]struct {
		form decision.Form
		want error
	}{
		"no decision":            {undecided, decision.ErrUndecided},
		"a decision unheard":     {unknownVerdict, decision.ErrUndecided},
		"no workspace":           {noWorkspace, decision.ErrWorkspaceMissing},
		"a foreign workspace":    {foreign, decision.ErrNotMember},
		"approval by another":    {unnamed(approve("jane")), decision.ErrNotFound},
		"denial by another":      {unnamed(deny("jane")), decision.ErrNotFound},
		"approval signed out":    {approve("nobody"), errSignedOut},
		"denial when signed out": {deny("nobody"), errSignedOut},
	} {
		t.Run(name, func(t *testing.T) {
			w := bound(t)
			if _, err := w.decider().Decide(t.Context(), c.form); !errors.Is(err, c.want) {
				t.Errorf("Decide: %v, want %v", err, c.want)
			}
			wantNothing(t, w)
		})
	}
}

func TestNobodyDecidesUnseen(t *testing.T) {
	for _, form := range []decision.Form{unnamed(approve("john")), unnamed(deny("john"))} {
		w := newWorld()
		if _, err := w.decider().Decide(t.Context(), form); !errors.Is(err, decision.ErrNotFound) {
			t.Errorf("Decide without a prompt: %v, want ErrNotFound", err)
		}
		// Not even a session without a user matches a request without a viewer.
		w.users["john"] = decision.User{}
		if _, err := w.decider().Decide(t.Context(), form); !errors.Is(err, decision.ErrNotFound) {
			t.Errorf("Decide by nobody: %v, want ErrNotFound", err)
		}
		wantNothing(t, w)
	}
}

func TestMembershipCountsAtTheMomentOfTheDecision(t *testing.T) {
	w := shown(t)
	w.members["usr_john"] = nil
	if _, err := w.decider().Decide(t.Context(), approve("john")); !errors.Is(err, decision.ErrNotMember) {
		t.Errorf("Decide after leaving: %v, want ErrNotMember", err)
	}
	wantNothing(t, w)
}

func TestARevocationWhileThePageIsOpenMakesTheApprovalStale(t *testing.T) {
	w := shown(t)
	w.epoch++
	if _, err := w.decider().Decide(t.Context(), approve("john")); !errors.Is(err, decision.ErrStale) {
		t.Errorf("Decide after a revocation: %v, want ErrStale", err)
	}
	wantNothing(t, w)
	if _, err := w.decider().Decide(t.Context(), deny("john")); err != nil {
		t.Errorf("a denial after a revocation: %v, want success", err)
	}
}

func TestWhatCannotBeAskedIsNotApproved(t *testing.T) {
	for _, call := range []string{"Session", "Find", "GetPairEpoch", "Complete"} {
		w := bound(t)
		w.fail[call] = errDown
		if _, err := w.decider().Decide(t.Context(), unnamed(approve("john"))); !errors.Is(err, errDown) {
			t.Errorf("Decide while %s fails: %v, want its failure", call, err)
		}
		wantNothing(t, w)
	}
}
