package storetest

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/device"
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
			on := device.Device{UserAgent: "Firefox", Network: "203.0.113.*"}
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

			first := session.Lookup{Hash: secret.Sum("first")}
			for _, step := range []struct {
				store  *store.Store
				unseen bool
			}{{s, false}, {later, true}, {later, false}} {
				stored, err := step.store.GetSession(t.Context(), first)
				if err != nil || stored.Unseen != step.unseen {
					t.Errorf("%+v, %v, want unseen %v", stored, err, step.unseen)
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
			must(t, s.EndUserSession(t.Context(), "usr_bob", secret.Sum("first"), device.Device{}))
			wantListed(t, s, "second", "first")
			for range 2 {
				must(t, s.EndUserSession(t.Context(), "usr_ada", secret.Sum("first"), device.Device{}))
			}
			wantListed(t, s, "second")
			wantLive(t, s, secret.Sum("first"), false)
		})
	})
	t.Run("a user has as many sessions as a list shows", sessionsBounded)
	t.Run("of these the ended ones go first", endedFirst)
	t.Run("a sign-in reads no other user's sessions", signInOfMany)
	t.Run("an epoch and its events are written together", func(t *testing.T) { each(t, epochEvents) })
	t.Run("an epoch ends what is older", func(t *testing.T) {
		each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
			seed(t, s, example())
			begin(t, s, secret.Sum("old"), time.Hour)
			begin(t, s, secret.Sum("another"), time.Hour)
			endOthers(t, s, secret.Sum("old"), "new")
			wantListed(t, s, "new")
			stored, err := s.GetSession(t.Context(), session.Lookup{Hash: secret.Sum("new")})
			if err != nil || stored.User.SessionEpoch != 1 || stored.Epoch != 1 {
				t.Errorf("%+v, %v, want the epoch 1", stored, err)
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
	must(t, s.EndUserSession(t.Context(), user.ID, ended, device.Device{}))
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
	browser := device.Device{UserAgent: "Firefox", Network: "203.0.113.*"}
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

// sessionsBounded: those that were used longest ago end, and the clients of their user are told.
func sessionsBounded(t *testing.T) {
	const most = 100
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		s, later := store.New(reopen(0)), store.New(reopen(time.Hour))
		times := []*store.Store{s, store.New(reopen(time.Minute)), store.New(reopen(2 * time.Minute)), store.New(reopen(3 * time.Minute))}
		seed(t, s, example())
		name := func(n int) secret.Hash { return secret.Sum(strconv.Itoa(n)) }
		r := session.Record{UserID: "usr_ada", ExpiresAt: time.Now().Add(72 * time.Hour)}
		for n := range most {
			r.Hash = name(n)
			beginRecord(t, times[min(n, len(times)-1)], r)
		}
		beginRecord(t, s, session.Record{Hash: secret.Sum("another"), UserID: "usr_bob", ExpiresAt: r.ExpiresAt})
		r.Hash, r.Previous = name(most), name(7)
		beginRecord(t, times[3], r) // the browser that signs in once more
		wantDue(t, s, "as many sessions as are listed")
		must(t, later.TouchSession(t.Context(), name(0)))
		r.Hash, r.Previous = name(most+1), secret.Hash{}
		beginRecord(t, later, r)
		wantDue(t, later, "one more session", name(1))
		r.Hash = name(most + 2)
		beginRecord(t, later, r)
		wantDue(t, later, "two more", name(1), name(2))
		list, err := later.ListSessions(t.Context(), "usr_ada")
		if err != nil || len(list) != most {
			t.Errorf("%d sessions, %v", len(list), err)
		}
		wantLive(t, later, name(0), true)
		if _, err := later.GetSession(t.Context(), session.Lookup{Hash: secret.Sum("another")}); err != nil {
			t.Errorf("the session of another user: %v", err)
		}
	})
}

// endedFirst: a session of an earlier epoch has ended, however late it was used, and makes no live one end.
func endedFirst(t *testing.T) {
	const most = 100
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		s, later := store.New(reopen(0)), store.New(reopen(time.Hour))
		seed(t, s, example())
		r := session.Record{Hash: secret.Sum("ended"), UserID: "usr_ada", ExpiresAt: time.Now().Add(72 * time.Hour)}
		beginRecord(t, s, r)
		r.Epoch = 1
		for n := range most - 1 {
			r.Hash = secret.Sum(strconv.Itoa(n))
			beginRecord(t, s, r)
		}
		must(t, later.TouchSession(t.Context(), secret.Sum("ended")))
		r.Hash = secret.Sum("one more")
		beginRecord(t, later, r)
		wantLive(t, later, secret.Sum("ended"), false)
		for n := range most - 1 {
			wantLive(t, later, secret.Sum(strconv.Itoa(n)), true)
		}
	})
}

// signInOfMany counts the rows that PostgreSQL reads and writes at a sign-in, in a table with those of
// many users.
func signInOfMany(t *testing.T) {
	const others, own, few = 10_000, 20, 200
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	db := sqldbtest.Prepare(t, at)
	seed(t, store.New(db), example())
	_, err := db.Exec(t.Context(), db.SQL(`
INSERT INTO users (id, email_address, first_name, last_name, display_name, disabled, password_hash, created_at)
SELECT 'usr_' || i, i || '@example.com', '', '', '', FALSE, '', {{now}} FROM generate_series(1, $1::int) AS i`), others)
	must(t, err)
	_, err = db.Exec(t.Context(), db.SQL(`
INSERT INTO browser_sessions (hash, user_id, begun_at, expires_at)
SELECT sha256(('s' || i)::bytea), 'usr_' || i, {{now}}, {{now}} + 3600000000 FROM generate_series(1, $1::int) AS i`), others)
	must(t, err)
	var previous secret.Hash
	for n := range own {
		previous = beginAs(t, store.New(db), "usr_ada", strconv.Itoa(n), time.Hour)
	}
	must(t, db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE browser_sessions`))
	must(t, db.Close())
	rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) { replace(t, store.New(db), previous, "next", "usr_ada") })
	if rows > few {
		t.Errorf("%d rows are read and written, of %d", rows, others)
	}
}
