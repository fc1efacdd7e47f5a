package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/accountevent"
	"github.com/vidocu/usher/services/identity/internal/session"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Devices tests that a user sees their live sessions, and ends those and no others.
func Devices(t *testing.T) {
	t.Run("a user sees their live sessions", func(t *testing.T) {
		sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
			s, later := store.New(reopen(0)), store.New(reopen(time.Hour))
			seed(t, s, example())
			on := session.Device{UserAgent: "Firefox", Network: "203.0.113.*"}
			for i, r := range []session.Record{
				{UserID: "usr_ada", ExpiresAt: time.Now().Add(72 * time.Hour), Device: on},
				{UserID: "usr_ada", ExpiresAt: time.Now().Add(time.Minute)},
				{UserID: "usr_bob", ExpiresAt: time.Now().Add(72 * time.Hour)},
				{UserID: "usr_ada", ExpiresAt: time.Now().Add(72 * time.Hour)},
			} {
				r.Hash = secret.Sum([]string{"first", "expired", "another", "last"}[i])
				beginRecord(t, s, r)
			}
			wantListed(t, s, "last", "expired", "first")
			wantListed(t, later, "last", "first")
			list, err := later.ListSessions(t.Context(), "usr_ada")
			must(t, err)
			if !slices.ContainsFunc(list, func(l session.Listed) bool { return l.Hash == secret.Sum("first") && l.Device == on }) {
				t.Errorf("no session is on %+v: %+v", on, list)
			}

			first := session.Lookup{UserID: "usr_ada", Hash: secret.Sum("first")}
			for _, step := range []struct {
				store  *store.Store
				unseen bool
			}{{s, false}, {later, true}, {later, false}} {
				holder, err := step.store.GetHolder(t.Context(), first)
				if err != nil || holder.Unseen != step.unseen {
					t.Errorf("%+v, %v, want unseen %v", holder, err, step.unseen)
				}
				must(t, step.store.TouchSession(t.Context(), first.Hash))
			}
			if list, err = later.ListSessions(t.Context(), "usr_ada"); err != nil || len(list) != 2 || list[0].Hash != first.Hash {
				t.Errorf("the session that was used last is not the first of %+v, %v", list, err)
			}
		})
	})
	t.Run("a user ends their own sessions alone", func(t *testing.T) {
		each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
			seed(t, s, example())
			begin(t, s, secret.Sum("first"), time.Hour)
			begin(t, s, secret.Sum("second"), time.Hour)
			must(t, s.EndUserSession(t.Context(), "usr_bob", secret.Sum("first")))
			wantListed(t, s, "second", "first")
			for range 2 {
				must(t, s.EndUserSession(t.Context(), "usr_ada", secret.Sum("first")))
			}
			wantListed(t, s, "second")
			wantLive(t, s, "usr_ada", secret.Sum("first"), false)
		})
	})
	t.Run("an epoch and its events are written together", func(t *testing.T) { each(t, epochEvents) })
	t.Run("an epoch ends what is older", func(t *testing.T) {
		each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
			seed(t, s, example())
			begin(t, s, secret.Sum("old"), time.Hour)
			begin(t, s, secret.Sum("another"), time.Hour)
			endOthers(t, s, secret.Sum("old"), "new")
			wantListed(t, s, "new")
			holder, err := s.GetHolder(t.Context(), session.Lookup{UserID: "usr_ada", Hash: secret.Sum("new")})
			if err != nil || holder.SessionEpoch != 1 || !holder.Live {
				t.Errorf("%+v, %v, want the epoch 1", holder, err)
			}
			if err := s.EndOtherSessions(t.Context(), session.Record{UserID: "usr_nobody", Epoch: 1}); !errors.Is(err, account.ErrUnknown) {
				t.Errorf("a user who is gone: %v", err)
			}
		})
	})
	t.Run("a session that has ended raises none", func(t *testing.T) { each(t, endedRaisesNone) })
}

// endedRaisesNone: whoever has a session would otherwise continue it beyond what ended it in the same moment.
func endedRaisesNone(t *testing.T, _ *sqldb.DB, s *store.Store) {
	seed(t, s, example())
	refused := func(what string, user account.User, hash secret.Hash) {
		t.Helper()
		r := session.Record{Hash: secret.Sum("next"), UserID: user.ID, Epoch: user.SessionEpoch + 1, ExpiresAt: time.Now().Add(time.Hour), Previous: hash}
		if err := s.EndOtherSessions(t.Context(), r); !errors.Is(err, account.ErrUnknown) {
			t.Errorf("%s: %v", what, err)
		}
	}
	user := account.User{ID: "usr_ada"}
	ended, live := secret.Sum("ended"), secret.Sum("live")
	begin(t, s, ended, time.Hour)
	begin(t, s, live, time.Hour)
	must(t, s.EndUserSession(t.Context(), user.ID, ended))
	refused("a session that was ended", user, ended)
	refused("another user's session", account.User{ID: "usr_bob"}, live)
	must(t, s.SetPassword(t.Context(), user.ID, secret.New("x")))
	refused("a session from before the password was set", user, live)
	user.SessionEpoch++
	live = secret.Sum("renewed")
	beginRecord(t, s, session.Record{Hash: live, UserID: user.ID, Epoch: user.SessionEpoch, ExpiresAt: time.Now().Add(time.Hour)})
	must(t, s.DisableUser(t.Context(), user.ID))
	user.SessionEpoch++
	refused("a disabled user's session", user, live)
}

// epochEvents raises an epoch, and fails to raise two.
func epochEvents(t *testing.T, db *sqldb.DB, s *store.Store) {
	seed(t, s, example())
	begin(t, s, secret.Sum("kept"), time.Hour)
	browser := session.Device{UserAgent: "Firefox", Network: "203.0.113.*"}
	r := following(t, s, secret.Sum("kept"), "next")
	r.Device = browser
	must(t, s.EndOtherSessions(t.Context(), r))
	if err := s.EndOtherSessions(t.Context(), session.Record{UserID: "usr_nobody", Epoch: 1}); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("a user who is gone: %v", err)
	}
	const condition = ` FROM events WHERE kind = 'user.others_signed_out'`
	var details string
	must(t, db.QueryRow(t.Context(), `SELECT details`+condition+` AND user_id = 'usr_ada' AND actor_id = 'usr_ada'`).Scan(&details))
	if want := `{"network":"203.0.113.*","user_agent":"Firefox"}`; details != want {
		t.Errorf("the event has %s, want %s", details, want)
	}
	wantEvents(t, s, accountevent.Query{UserID: "usr_ada", Limit: 10}, accountevent.OthersSignedOut)

	_, err := db.Exec(t.Context(), `DROP TABLE events`) // so that no event can be written
	must(t, err)
	if err := s.EndOtherSessions(t.Context(), following(t, s, r.Hash, "last")); err == nil || errors.Is(err, account.ErrUnknown) {
		t.Error("an epoch without its event")
	}
	var epoch int64
	must(t, db.QueryRow(t.Context(), `SELECT session_epoch FROM users WHERE id = 'usr_ada'`).Scan(&epoch))
	if epoch != 1 {
		t.Errorf("the epoch is %d, want 1", epoch)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantListed checks Ada's sessions in any order, by the text that was hashed.
func wantListed(t *testing.T, s *store.Store, want ...string) {
	t.Helper()
	list, err := s.ListSessions(t.Context(), "usr_ada")
	must(t, err)
	names := map[secret.Hash]string{}
	for _, name := range []string{"first", "expired", "another", "last", "second", "old", "new"} {
		names[secret.Sum(name)] = name
	}
	var got []string
	for _, l := range list {
		got = append(got, names[l.Hash])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the sessions (-want +got)\n%s", diff)
	}
}
