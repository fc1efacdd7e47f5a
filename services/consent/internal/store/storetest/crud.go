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

// CRUD checks that reads return what was written.
func CRUD(t *testing.T) {
	t.Run("a consent is listed whole and to its person alone", func(t *testing.T) { each(t, listedWhole) })
	t.Run("equal consents are one, with the first and the latest time, the oldest first", func(t *testing.T) { eachLater(t, grouped) })
	t.Run("a daily approval leaves no row a day", func(t *testing.T) {
		sqldbtest.EachReopen(t, store.Migrations(), daily)
	})
	t.Run("pruning takes the older epochs of the pair alone", func(t *testing.T) { each(t, pruned) })
	t.Run("pruning a workspace leaves the others", func(t *testing.T) { each(t, prunedInWorkspace) })
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
	if between := got[1].At.Sub(got[1].First); between < 119*time.Minute || between > 121*time.Minute || !got[0].First.Equal(got[0].At) {
		t.Errorf("the latest approval is %s after the first equal one, want 2h; that of a single one at %s and %s", between, got[0].First, got[0].At)
	}
	if between := got[1].At.Sub(got[0].At); between < 59*time.Minute || between > 61*time.Minute {
		t.Errorf("the latest approval is %s after the other, want 1h", between)
	}
}

// daily approves every day for a week: the first day, the last and the one before it are left.
func daily(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
	const day = 25 * time.Hour
	var db *sqldb.DB
	for n := range time.Duration(7) {
		db = reopen(n * day)
		record(t, store.New(db), example())
	}
	if got := list(t, store.New(db), "usr_john"); len(got) != 1 || got[0].At.Sub(got[0].First).Round(time.Hour) != 6*day {
		t.Errorf("listed %+v, want one approval that is six days long", got)
	}
	var rows int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM consents`).Scan(&rows); err != nil || rows != 3 {
		t.Errorf("%d rows are left of seven days, %v, want 3", rows, err)
	}
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

func prunedInWorkspace(t *testing.T, s *store.Store) {
	var keep []decision.Consent
	for epoch := range int64(3) {
		here, elsewhere := example(), example()
		here.Epoch, elsewhere.Epoch, elsewhere.WorkspaceID = epoch, epoch, "ws_other"
		record(t, s, here)
		record(t, s, elsewhere)
		if keep = append(keep, elsewhere); epoch >= 2 {
			keep = append(keep, here)
		}
	}
	if err := s.PruneIn(t.Context(), oauth.UserClient{UserID: "usr_john", ClientID: "app"}, example().WorkspaceID, 2); err != nil {
		t.Fatalf("PruneIn: %v", err)
	}
	wantList(t, s, "usr_john", keep...)
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
		"Record":    func(ctx context.Context) error { return s.Record(ctx, c) },
		"Approvals": func(ctx context.Context) error { _, err := s.Approvals(ctx, c.UserID); return err },
		"Prune":     func(ctx context.Context) error { return s.Prune(ctx, oauth.UserClient{}, 1) },
		"PruneIn":   func(ctx context.Context) error { return s.PruneIn(ctx, oauth.UserClient{}, "ws_acme", 1) },
	}
	got := map[string]bool{}
	for name, call := range calls {
		got[name] = errors.Is(call(t.Context()), sqldb.ErrUnavailable)
	}
	if diff := cmp.Diff(map[string]bool{"Record": true, "Approvals": true, "Prune": true, "PruneIn": true}, got); diff != "" {
		t.Errorf("unavailable (-want +got):\n%s", diff)
	}
}
