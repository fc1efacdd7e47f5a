package storetest

import (
	"cmp"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/store"
)

// each runs a test on both engines.
func each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	sqldbtest.Each(t, store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		test(t, store.New(db))
	})
}

// eachLater is each for tests that move the clock: later returns the same store with its clock
// moved.
func eachLater(t *testing.T, test func(t *testing.T, later func(time.Duration) *store.Store)) {
	t.Helper()
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		test(t, func(passed time.Duration) *store.Store { return store.New(reopen(passed)) })
	})
}

// example is a consent of a fresh request.
func example() decision.Consent {
	return decision.Consent{
		Request: secret.Sum(secret.NewCode().Reveal()), UserID: "usr_john", ClientID: "app", WorkspaceID: "ws_acme",
		Scope: oauth.Scope{"videos:read", "analyze:write"},
	}
}

// approval is how a consent is listed, but for its time.
func approval(c decision.Consent) connectedapp.Approval {
	return connectedapp.Approval{ClientID: c.ClientID, WorkspaceID: c.WorkspaceID, Scope: c.Scope, Epoch: c.Epoch}
}

// record keeps a consent that nothing stands against.
func record(t *testing.T, s *store.Store, c decision.Consent) {
	t.Helper()
	if err := s.Record(t.Context(), c); err != nil {
		t.Fatalf("Record: %v", err)
	}
}

func list(t *testing.T, s *store.Store, userID string) []connectedapp.Approval {
	t.Helper()
	got, err := s.Approvals(t.Context(), userID)
	if err != nil {
		t.Fatalf("Approvals: %v", err)
	}
	return got
}

// wantList compares without times.
func wantList(t *testing.T, s *store.Store, userID string, consents ...decision.Consent) {
	t.Helper()
	var want []connectedapp.Approval
	for _, c := range consents {
		want = append(want, approval(c))
	}
	order := func(a, b connectedapp.Approval) int {
		return cmp.Or(
			cmp.Compare(a.ClientID, b.ClientID), cmp.Compare(a.WorkspaceID, b.WorkspaceID), cmp.Compare(a.Epoch, b.Epoch),
		)
	}
	ignoreTime := cmpopts.IgnoreFields(connectedapp.Approval{}, "First", "At")
	if diff := gocmp.Diff(want, list(t, s, userID), ignoreTime, cmpopts.SortSlices(order), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("approvals of %s (-want +got):\n%s", userID, diff)
	}
}
