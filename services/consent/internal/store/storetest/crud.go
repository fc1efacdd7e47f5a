package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/store"
)

// CRUD checks that what is written is what is read.
func CRUD(t *testing.T) {
	t.Run("a consent is listed whole and to its person alone", func(t *testing.T) { each(t, listedWhole) })
	t.Run("equal consents are one, with the latest time, the oldest first", func(t *testing.T) { eachLater(t, grouped) })
	t.Run("a withdrawn consent is gone and its neighbour is not", func(t *testing.T) { each(t, withdrawn) })
	t.Run("a daily approval leaves no row a day, and one before a withdrawn one stays", func(t *testing.T) { eachLater(t, daily) })
	t.Run("pruning takes the older epochs of the pair alone", func(t *testing.T) { each(t, pruned) })
	t.Run("a database that is gone is unavailable", func(t *testing.T) { unavailable(t) })
}

func listedWhole(t *testing.T, s *store.Store) {
	c := example()
	c.Epoch = 1 << 40
	record(t, s, c)
	wantList(t, s, c.UserID, c)
	wantList(t, s, "usr_jane")
	if since := time.Since(list(t, s, c.UserID)[0].At).Abs(); since > time.Minute {
		t.Errorf("the consent was given %s ago", since)
	}
}

func grouped(t *testing.T, later func(time.Duration) *store.Store) {
	first, other, again := example(), example(), example()
	other.Scope = oauth.Scope{"export:write"}
	record(t, later(0), first)
	record(t, later(time.Hour), other)
	record(t, later(2*time.Hour), again)
	got := list(t, later(0), first.UserID)
	if len(got) != 2 {
		t.Fatalf("%d approvals are listed, want 2", len(got))
	}
	if !got[0].Scope.Contains("export:write") || !got[1].Scope.Contains("videos:read") {
		t.Errorf("the order is %v, %v, want that of the latest times", got[0].Scope, got[1].Scope)
	}
	if between := got[1].At.Sub(got[0].At); between < 59*time.Minute || between > 61*time.Minute {
		t.Errorf("the latest approval is %s after the other, want 1h", between)
	}
}

// daily approves every day for a week. What the last one leaves when it is withdrawn is the day before's.
func daily(t *testing.T, later func(time.Duration) *store.Store) {
	const day = 25 * time.Hour
	var last decision.Consent
	for n := range time.Duration(7) {
		last = example()
		record(t, later(n*day), last)
	}
	if err := later(6*day).Withdraw(t.Context(), last.Request); err != nil {
		t.Fatalf("Withdraw: %v", err)
	}
	got := list(t, later(6*day), last.UserID)
	if len(got) != 1 {
		t.Fatalf("%d approvals are listed, want the one of the day before", len(got))
	}
	if ago := time.Since(got[0].At) + 5*day; ago.Abs() > time.Minute {
		t.Errorf("the approval that is left is %s from the day before's", ago)
	}
}

func withdrawn(t *testing.T, s *store.Store) {
	gone, stays := example(), example()
	stays.WorkspaceID = "ws_other"
	record(t, s, gone)
	record(t, s, stays)
	for range 2 {
		if err := s.Withdraw(t.Context(), gone.Request); err != nil {
			t.Fatalf("Withdraw: %v", err)
		}
	}
	wantList(t, s, gone.UserID, stays)
}

func pruned(t *testing.T, s *store.Store) {
	var keep []decision.Consent
	for epoch := range int64(3) {
		c := example()
		c.Epoch = epoch
		record(t, s, c)
		if epoch >= 2 {
			keep = append(keep, c)
		}
	}
	otherApp, otherUser := example(), example()
	otherApp.ClientID, otherUser.UserID = "other", "usr_jane"
	record(t, s, otherApp)
	record(t, s, otherUser)
	if err := s.Prune(t.Context(), oauth.UserClient{UserID: "usr_john", ClientID: "app"}, 2); err != nil {
		t.Fatalf("Prune: %v", err)
	}
	wantList(t, s, "usr_john", append(keep, otherApp)...)
	wantList(t, s, "usr_jane", otherUser)
}

func unavailable(t *testing.T) {
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: secret.New(sqldbtest.SQLite(t))})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, c := store.New(db), example()
	calls := map[string]func(ctx context.Context) error{
		"Record":    func(ctx context.Context) error { _, err := s.Record(ctx, c); return err },
		"Withdraw":  func(ctx context.Context) error { return s.Withdraw(ctx, c.Request) },
		"Approvals": func(ctx context.Context) error { _, err := s.Approvals(ctx, c.UserID); return err },
		"Prune":     func(ctx context.Context) error { return s.Prune(ctx, oauth.UserClient{}, 1) },
	}
	got := map[string]bool{}
	for name, call := range calls {
		got[name] = errors.Is(call(t.Context()), sqldb.ErrUnavailable)
	}
	if diff := cmp.Diff(map[string]bool{"Record": true, "Withdraw": true, "Approvals": true, "Prune": true}, got); diff != "" {
		t.Errorf("unavailable (-want +got):\n%s", diff)
	}
}
