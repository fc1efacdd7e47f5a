package connectedapp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
)

func connected() *world {
	w := newWorld()
	w.approve("app_1", "ws_acme", 0, "videos:read")
	w.approve("app_1", "ws_zoo", 0, "videos:read")
	w.approve("app_2", "ws_acme", 0, "videos:read")
	return w
}

func disconnect(t *testing.T, w *world) {
	t.Helper()
	if err := w.service().Disconnect(t.Context(), secret.New("john"), "app_1"); err != nil {
		t.Fatalf("Disconnect: %v", err)
	}
}

func TestDisconnectingEndsTheAppInAllWorkspaces(t *testing.T) {
	w := connected()
	disconnect(t, w)
	wantApps(t, w, "app_2")
	if len(w.approvals) != 1 || w.connections["app_1"].Epoch != 1 {
		t.Errorf("%d approvals are left at epoch %d, want 1 and 1", len(w.approvals), w.connections["app_1"].Epoch)
	}
}

func TestDisconnectingAgainSucceeds(t *testing.T) {
	w := connected()
	disconnect(t, w)
	disconnect(t, w)
	wantApps(t, w, "app_2")
}

func TestDisconnectingAStrangerLeavesNoMark(t *testing.T) {
	w := connected()
	if err := w.service().Disconnect(t.Context(), secret.New("john"), "app_3"); !errors.Is(err, connectedapp.ErrNotConnected) {
		t.Errorf("Disconnect: %v, want ErrNotConnected", err)
	}
	if _, marked := w.connections["app_3"]; marked {
		t.Error("an app that never was let in has a pair now")
	}
}

func TestAConsentIsHiddenEvenWhenPruningFails(t *testing.T) {
	for _, call := range []string{"GetPairEpoch", "Prune"} {
		w := connected()
		w.fail[call] = errDown
		disconnect(t, w)
		if len(w.approvals) != 3 {
			t.Errorf("%d approvals are left while %s fails, want 3", len(w.approvals), call)
		}
		wantApps(t, w, "app_2")
	}
}

func TestAnApprovalRightAfterTheEndSurvivesThePruning(t *testing.T) {
	w := connected()
	w.atEnd = func() { w.approve("app_1", "ws_zoo", 1, "videos:read") }
	disconnect(t, w)
	wantApps(t, w, "app_2", "app_1")
}

func TestAConnectionThatCannotBeEndedIsAFailureAndStaysListed(t *testing.T) {
	w := connected()
	w.fail["EndConnection"] = errDown
	if err := w.service().Disconnect(t.Context(), secret.New("john"), "app_1"); !errors.Is(err, errDown) {
		t.Errorf("Disconnect: %v, want the failure", err)
	}
	wantApps(t, w, "app_2", "app_1")
}

func TestDisconnectingNeedsASessionAndAnApp(t *testing.T) {
	w := connected()
	w.fail["EndConnection"] = errors.New("must not be asked")
	if err := w.service().Disconnect(t.Context(), secret.New("nobody"), ""); !errors.Is(err, errSignedOut) {
		t.Errorf("Disconnect without a session: %v, want that it is required", err)
	}
	if err := w.service().Disconnect(t.Context(), secret.New("john"), ""); !errors.Is(err, connectedapp.ErrClientMissing) {
		t.Errorf("Disconnect without an app: %v, want ErrClientMissing", err)
	}
}

func TestDisconnectingAllReadsTheSessionAndTheAppsOnce(t *testing.T) {
	const apps = 50
	w := newWorld()
	for i := range apps {
		w.approve(fmt.Sprintf("app_%d", i), "ws_acme", 0, "videos:read")
	}
	if err := w.service().DisconnectAll(t.Context(), secret.New("john")); err != nil {
		t.Fatalf("DisconnectAll: %v", err)
	}
	for _, call := range []string{"UserID", "ListConnections", "Approvals"} {
		if w.calls[call] != 1 {
			t.Errorf("%s was called %d times for %d apps, want once", call, w.calls[call], apps)
		}
	}
	if w.calls["EndConnection"] != apps || len(w.approvals) != 0 {
		t.Errorf("%d apps were disconnected and %d approvals are left, want %d and 0", w.calls["EndConnection"], len(w.approvals), apps)
	}
}

func TestAUserWhoGoesAwayDisconnectsAllApps(t *testing.T) {
	w := connected()
	ctx, leave := context.WithCancel(t.Context())
	w.atEnd = leave
	if err := w.service().DisconnectAll(ctx, secret.New("john")); err != nil {
		t.Errorf("DisconnectAll: %v", err)
	}
	wantApps(t, w)
}

func TestDisconnectingAllEndsAtAFailureAndARetryCompletesIt(t *testing.T) {
	w := connected()
	w.fail["EndConnection"] = errDown
	if err := w.service().DisconnectAll(t.Context(), secret.New("john")); !errors.Is(err, errDown) {
		t.Errorf("DisconnectAll: %v, want the failure", err)
	}
	if w.calls["EndConnection"] != 1 {
		t.Errorf("%d apps were tried, want that the first failure ends it", w.calls["EndConnection"])
	}
	delete(w.fail, "EndConnection")
	for range 2 { // again, when nothing is left
		if err := w.service().DisconnectAll(t.Context(), secret.New("john")); err != nil {
			t.Errorf("DisconnectAll again: %v", err)
		}
	}
	wantApps(t, w)
}
