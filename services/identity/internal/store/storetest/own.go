package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
	"github.com/vidocu/usher/services/identity/internal/credential"
	"github.com/vidocu/usher/services/identity/internal/session"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// OwnAccount tests what users see and change in their own accounts.
func OwnAccount(t *testing.T) {
	t.Run("a profile is replaced as a whole", profileReplaced)
	t.Run("a password is changed once, from the hash that was read", passwordChangedOnce)
	t.Run("events are listed in pages, the newest first", eventsPaged)
	t.Run("failed sign-ins of one hour are one row", failuresCounted)
	t.Run("cleanup deletes events past their retention", eventsDeleted)
}

func profileReplaced(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		want := account.Profile{FirstName: "Augusta", LastName: "King", DisplayName: "Ada", Language: "de", TimeZone: "Europe/Berlin"}
		must(t, s.UpdateProfile(t.Context(), "usr_ada", want, device.Device{}))
		want.DisplayName = "Ada King"
		for range 2 { // the second one changes nothing, and is no event
			must(t, s.UpdateProfile(t.Context(), "usr_ada", want, device.Device{}))
		}
		wantAudited(t, db, "usr_ada", "user.profile_changed", "user.profile_changed")
		user, err := s.FindUser(t.Context(), "usr_ada")
		must(t, err)
		if diff := cmp.Diff(want, user.Profile()); diff != "" {
			t.Errorf("the profile (-want +got)\n%s", diff)
		}
		if err := s.UpdateProfile(t.Context(), "usr_nobody", want, device.Device{}); !errors.Is(err, account.ErrUnknown) {
			t.Errorf("an unknown user: %v", err)
		}
	})
}

func passwordChangedOnce(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		change := changeOf(t, s, secret.Hash{}, "first")
		if _, err := s.ChangePassword(t.Context(), change); err != nil {
			t.Error(err)
		}
		change.After, change.Epoch = secret.New("never"), 2
		if _, err := s.ChangePassword(t.Context(), change); !errors.Is(err, credential.ErrChanged) {
			t.Errorf("from the old hash: %v", err)
		}
		again := credential.Replacement{Before: secret.New("second"), After: secret.New("third"), Record: record(t, s, "usr_ada", "second")}
		_, err := s.ChangePassword(t.Context(), again)
		must(t, err)
		if user, err := s.FindUser(t.Context(), "usr_ada"); err != nil || user.SessionEpoch != 1 {
			t.Errorf("the epoch is %d, %v, want 1", user.SessionEpoch, err)
		}
		bobs := credential.Replacement{After: secret.New("x"), Record: record(t, s, "usr_bob", "third")}
		if _, err := s.ChangePassword(t.Context(), bobs); !errors.Is(err, credential.ErrChanged) {
			t.Errorf("a disabled user: %v", err)
		}
		wantEvents(t, s, accountevent.Query{UserID: "usr_ada", Limit: 9}, accountevent.PasswordChanged, accountevent.PasswordChanged)
		wantEvents(t, s, accountevent.Query{UserID: "usr_bob", Limit: 9})
		must(t, s.SetPassword(t.Context(), "usr_bob", secret.New("y")))
		wantEvents(t, s, accountevent.Query{UserID: "usr_bob", Limit: 9}, accountevent.PasswordSet)
	})
}

// wantAudited compares the kinds of a user's events for the audit trail.
func wantAudited(t *testing.T, db *sqldb.DB, userID string, want ...string) {
	t.Helper()
	read := sqldb.Read("reading events", `SELECT kind FROM events WHERE user_id = $1 ORDER BY cursor`, userID)
	got, err := sqldb.List(t.Context(), db, read, func(row sqldb.Row, kind *string) error { return row.Scan(kind) })
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
}

// wantEvents returns a page, and requires the kinds.
func wantEvents(t *testing.T, s *store.Store, q accountevent.Query, want ...accountevent.Kind) []accountevent.Event {
	t.Helper()
	list, err := s.ListEvents(t.Context(), q)
	must(t, err)
	var got []accountevent.Kind
	for _, e := range list {
		got = append(got, e.Kind)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the events (-want +got)\n%s", diff)
	}
	return list
}

func eventsPaged(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		s := store.New(reopen(0))
		seed(t, s, example())
		kinds := []accountevent.Kind{accountevent.SignedIn, accountevent.OthersSignedOut, accountevent.SignedIn}
		for i, kind := range kinds {
			beginRecord(t, store.New(reopen(time.Duration(i)*time.Second)), session.Record{
				Hash: secret.Sum(string(rune('a' + i))), UserID: "usr_ada", ExpiresAt: time.Now().Add(time.Hour), Event: kind,
				Device: device.Device{UserAgent: "Firefox", Network: "203.0.113.*"},
			})
		}
		beginRecord(t, s, session.Record{Hash: secret.Sum("quiet"), UserID: "usr_ada", ExpiresAt: time.Now().Add(time.Hour)})
		first := wantEvents(t, s, accountevent.Query{UserID: "usr_ada", Limit: 2}, accountevent.SignedIn, accountevent.OthersSignedOut)
		last := first[len(first)-1]
		rest := wantEvents(t, s, accountevent.Query{UserID: "usr_ada", Before: last.At, BeforeKind: last.Kind, Limit: 2}, accountevent.SignedIn)
		wantRecent(t, rest[0].At)
		if rest[0].UserAgent != "Firefox" || rest[0].Network != "203.0.113.*" || rest[0].Count != 1 {
			t.Errorf("the event is %+v", rest[0])
		}
	})
}

func failuresCounted(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		before := time.Now()
		for range 3 {
			must(t, s.AddFailedSignIns(t.Context(), "usr_ada", 2))
		}
		must(t, s.AddFailedSignIns(t.Context(), "usr_nobody", 2))
		list, err := s.ListEvents(t.Context(), accountevent.Query{UserID: "usr_ada", Limit: 9})
		must(t, err)
		var total int64
		for _, e := range list {
			total += e.Count
			if e.Kind != accountevent.SignInFailed || !e.At.Equal(e.At.Truncate(time.Hour)) {
				t.Errorf("the event is %+v", e)
			}
		}
		if sameHour := before.Truncate(time.Hour).Equal(time.Now().Truncate(time.Hour)); total != 6 || sameHour && len(list) != 1 {
			t.Errorf("%d failures in %d rows", total, len(list))
		}
	})
}

func eventsDeleted(t *testing.T) {
	const day = 24 * time.Hour
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db := reopen(0)
		s, later := store.New(db), store.New(reopen(2*day))
		seed(t, s, example())
		must(t, s.AddFailedSignIns(t.Context(), "usr_ada", 1))
		must(t, s.SetPassword(t.Context(), "usr_ada", secret.New("y")))
		must(t, later.AddFailedSignIns(t.Context(), "usr_ada", 1))
		must(t, later.CleanUp(t.Context(), store.Retention{Events: 3 * day}))
		if n := count(t, db, "account_events"); n != 3 {
			t.Errorf("%d events, want 3", n)
		}
		must(t, later.CleanUp(t.Context(), store.Retention{Events: day}))
		if n := count(t, db, "account_events"); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
	})
}
