package grant_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// wantReplay expects a refusal with a cause after exactly these calls.
func (b bench) wantReplay(t *testing.T, req grant.Request, want cause.Cause, calls ...string) {
	t.Helper()
	b.Take()
	_, err := b.issue(t, req)
	if !errors.Is(err, grant.ErrInvalidRefreshToken) || cause.Of(err) != want {
		t.Errorf("refused with %v because of %s, want %s", err, cause.Of(err), want)
	}
	var refused *grant.RefusedError
	if !errors.As(err, &refused) || refused.ClientID == "" {
		t.Errorf("%s: the refusal names no client", want)
	}
	if diff := cmp.Diff(calls, b.Take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// The calls of a refusal that is decided by the store, and of one that is cached.
func stored() []string { return []string{"Authenticate", "Rotate", "Replayed", "ExplainRefresh"} }
func cached() []string { return []string{"Authenticate", "WaitForReplicas"} }

// TestFault_E1_ARepeatedReplayAsksTheStoreForNothing, and has the cause that it had: the first is the
// reuse, and those after it find the token revoked. Another client's replay has its own.
func TestFault_E1_ARepeatedReplayAsksTheStoreForNothing(t *testing.T) {
	b := newBench(0)
	first := b.mustIssue(t, redemption()).Refresh
	second := b.mustIssue(t, refreshing(first)).Refresh
	b.wantReplay(t, refreshing(first), cause.RefreshReused, stored()...)
	for range 3 {
		b.wantReplay(t, refreshing(first), cause.RefreshRotated, cached()...)
		b.wantReplay(t, refreshing(first, withScope("export:write")), cause.RefreshRotated, cached()...)
	}
	b.wantReplay(t, refreshing(first, asOther), cause.RefreshOtherClient, stored()...)
	b.wantReplay(t, refreshing(first, asOther), cause.RefreshOtherClient, cached()...)
	b.wantReplay(t, refreshing(first), cause.RefreshRotated, cached()...)
	b.wantReplay(t, refreshing(second), cause.RefreshRevoked, stored()...)
	b.wantReplay(t, refreshing(second), cause.RefreshRevoked, cached()...)
	// The request's own faults are found first, as before.
	b.refused(t, refreshing(first, withScope("videos:read\tjobs:read")), grant.ErrInvalidScope, "Authenticate")
	b.Fail("WaitForReplicas", errDown)
	b.refused(t, refreshing(first), errDown, cached()...)
}

// TestFault_E1_OnlyAFinalRefusalIsCached: neither that of an unknown token, of which there are
// arbitrarily many, nor one whose cause could not be read; and a refusal to one client leaves the
// token to the other.
func TestFault_E1_OnlyAFinalRefusalIsCached(t *testing.T) {
	b := newBench(0)
	unknown := secret.Generate(secret.RefreshToken)
	for range 2 {
		b.wantReplay(t, refreshing(unknown), cause.RefreshUnknown, stored()...)
	}
	first := b.mustIssue(t, redemption()).Refresh
	for _, calls := range [][]string{stored(), cached()} {
		b.wantReplay(t, refreshing(first, asOther), cause.RefreshOtherClient, calls...)
	}
	second := b.mustIssue(t, refreshing(first)).Refresh
	b.wantReplay(t, refreshing(first, asOther), cause.RefreshOtherClient, cached()...)
	if !b.store.Live(secret.New(theCode)) {
		t.Error("another client's replay revoked the family")
	}
	b.Fail("ExplainRefresh", errDown)
	b.wantReplay(t, refreshing(first), cause.RefreshReused, stored()...)
	b.wantReplay(t, refreshing(second), "", stored()...)
	b.Fail("ExplainRefresh", nil)
	b.wantReplay(t, refreshing(second), cause.RefreshRevoked, stored()...)
	b.wantReplay(t, refreshing(second), cause.RefreshRevoked, cached()...)
}

// TestFault_E1_ARetryIsNeverCached: inside the window a repeat returns the successor however often,
// and after it the first repeat revokes.
func TestFault_E1_ARetryIsNeverCached(t *testing.T) {
	b := newBench(10 * time.Second)
	first := b.mustIssue(t, redemption()).Refresh
	second := b.mustIssue(t, refreshing(first))
	b.wantReplay(t, refreshing(first, asOther), cause.RefreshOtherClient, stored()...)
	for range 3 {
		if again := b.mustIssue(t, refreshing(first)); !again.Refresh.Equal(second.Refresh) {
			t.Error("the retry returned another pair")
		}
	}
	b.store.CloseRetryWindow()
	b.wantReplay(t, refreshing(first), cause.RefreshReused, stored()...)
	b.wantReplay(t, refreshing(first), cause.RefreshRotated, cached()...)
}
