package decision_test

import (
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// halfway is a world in which john's approval for ws_acme was recorded and its completion failed.
func halfway(t *testing.T) *world {
	t.Helper()
	w := shown(t)
	w.fail["Complete"] = errDown
	if _, err := w.desk().Decide(t.Context(), approve("john")); !errors.Is(err, errDown) {
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
	if _, err := w.desk().Decide(t.Context(), approve("john")); err != nil {
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
	if _, err := w.desk().Decide(t.Context(), form); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("Decide: %v, want ErrNotFound", err)
	}
	if got := w.consents[secret.Sum("request")].WorkspaceID; got != "ws_acme" || len(w.done) != 0 {
		t.Errorf("%s is recorded and %d requests are completed, want ws_acme and none", got, len(w.done))
	}
}

func TestADenialWithdrawsWhatAFailedApprovalRecorded(t *testing.T) {
	w := halfway(t)
	if _, err := w.desk().Decide(t.Context(), deny("john")); err != nil {
		t.Fatal(err)
	}
	if len(w.consents) != 0 {
		t.Error("the app is shown as connected though the person denied")
	}
}

func TestADenialThatFailsWithdrawsNothing(t *testing.T) {
	w := halfway(t)
	w.fail["Complete"] = errDown // as when the reply is lost after an approval was completed
	if _, err := w.desk().Decide(t.Context(), deny("john")); !errors.Is(err, errDown) {
		t.Errorf("Decide: %v, want the failure of the completion", err)
	}
	if len(w.consents) != 1 {
		t.Error("the consent is gone though its request may have got a code")
	}
}

func TestADenialStandsWhenTheWithdrawalFails(t *testing.T) {
	w := halfway(t)
	w.fail["Withdraw"] = errDown
	if _, err := w.desk().Decide(t.Context(), deny("john")); err != nil {
		t.Errorf("Decide: %v, want success", err)
	}
}

func TestADecidedRequestIsClosed(t *testing.T) {
	w := shown(t)
	if _, err := w.desk().Decide(t.Context(), approve("john")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk().Decide(t.Context(), deny("john")); !errors.Is(err, errUnknown) {
		t.Errorf("a second decision: %v, want what authz says", err)
	}
	if len(w.consents) != 1 {
		t.Error("the second decision took the consent of the first")
	}
}
