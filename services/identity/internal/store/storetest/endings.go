package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

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

// Endings tests the outbox of sessions that have ended.
func Endings(t *testing.T) {
	t.Run("each way in which a session ends is recorded", endingsRecorded)
	t.Run("a session is due when its last successor ends", successorsEnd)
	t.Run("sign-ins with one cookie leave one session", signInsWithOneCookie)
	t.Run("concurrent sign-ins with one cookie leave one session", concurrentSignIns)
	t.Run("a sign-in that fails leaves the browser's session as it is", failedSignInReplacesNothing)
	t.Run("a change of the password that fails continues nothing", failedChangeContinuesNothing)
	t.Run("an ended session is due once more, and then removed", dueTwice)
	t.Run("a session that expires is not announced", expiredNotAnnounced)
	t.Run("an epoch reads no other user's sessions", epochOfMany)
}

func beginAs(t *testing.T, s *store.Store, userID, name string, life time.Duration) secret.Hash {
	t.Helper()
	r := record(t, s, userID, name)
	r.ExpiresAt = time.Now().Add(life)
	beginRecord(t, s, r)
	return r.Hash
}

// record returns a session of an hour with the user's epoch.
func record(t *testing.T, s *store.Store, userID, name string) session.Record {
	t.Helper()
	user, err := s.FindUser(t.Context(), userID)
	must(t, err)
	return session.Record{Hash: secret.Sum(name), UserID: userID, Epoch: user.SessionEpoch, ExpiresAt: time.Now().Add(time.Hour)}
}

// replace signs a user in at a browser that has the session old.
func replace(t *testing.T, s *store.Store, old secret.Hash, name, by string) secret.Hash {
	t.Helper()
	r := record(t, s, by, name)
	r.Previous = old
	beginRecord(t, s, r)
	return r.Hash
}

// following returns the session of the next epoch that continues one of Ada's.
func following(t *testing.T, s *store.Store, previous secret.Hash, name string) session.Record {
	t.Helper()
	r := record(t, s, "usr_ada", name)
	r.Previous = previous
	r.Epoch++
	return r
}

// endOthers ends Ada's sessions but the one that continues previous.
func endOthers(t *testing.T, s *store.Store, previous secret.Hash, name string) secret.Hash {
	t.Helper()
	r := following(t, s, previous, name)
	must(t, s.EndOtherSessions(t.Context(), r))
	return r.Hash
}

// changeOf returns a change of Ada's password that ends the other sessions.
func changeOf(t *testing.T, s *store.Store, previous secret.Hash, name string) credential.Replacement {
	t.Helper()
	return credential.Replacement{
		Before: ada().PasswordHash, After: secret.New("second"), EndSessions: true, Record: following(t, s, previous, name),
	}
}

// wantDue checks which sessions are due, and returns them.
func wantDue(t *testing.T, s *store.Store, what string, want ...secret.Hash) []session.Ended {
	t.Helper()
	list, err := s.ListEndedSessions(t.Context(), 100)
	must(t, err)
	missing := slices.ContainsFunc(want, func(h secret.Hash) bool {
		return !slices.ContainsFunc(list, func(e session.Ended) bool { return e.Hash == h })
	})
	if missing || len(list) != len(want) {
		t.Errorf("%s: %d sessions are due, want %d: %+v", what, len(list), len(want), list)
	}
	return list
}

func endingsRecorded(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *store.Store, hash secret.Hash){
		"a sign-out": func(t *testing.T, s *store.Store, hash secret.Hash) {
			_, err := s.EndSession(t.Context(), hash, device.Device{})
			must(t, err)
		},
		"from another device": func(t *testing.T, s *store.Store, hash secret.Hash) {
			must(t, s.EndUserSession(t.Context(), "usr_ada", hash, device.Device{}))
		},
		"all of the user's": func(t *testing.T, s *store.Store, _ secret.Hash) {
			kept := beginAs(t, s, "usr_ada", "kept", time.Hour)
			endOthers(t, s, kept, "next")
		},
		"a user who is disabled": func(t *testing.T, s *store.Store, _ secret.Hash) { must(t, s.DisableUser(t.Context(), "usr_ada")) },
		"an operator's password": func(t *testing.T, s *store.Store, _ secret.Hash) {
			must(t, s.SetPassword(t.Context(), "usr_ada", secret.New("x")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
				seed(t, s, example())
				hash := beginAs(t, s, "usr_ada", "one", time.Hour)
				beginAs(t, s, "usr_bob", "another", time.Hour)
				wantDue(t, s, "before")
				end(t, s, hash)
				for _, e := range wantDue(t, s, "afterwards", hash) {
					if e.UserID != "usr_ada" || e.Again || time.Since(e.EndedAt).Abs() > time.Minute {
						t.Errorf("%+v", e)
					}
				}
				_, err := s.EndSession(t.Context(), hash, device.Device{}) // its row may still be there
				must(t, err)
				wantDue(t, s, "ended twice", hash)
			})
		})
	}
}

func successorsEnd(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		first := beginAs(t, s, "usr_ada", "first", time.Hour)
		second := replace(t, s, first, "second", "usr_ada")
		wantDue(t, s, "after a second sign-in")

		third := endOthers(t, s, second, "third")
		wantDue(t, s, "after the other sessions ended")

		change := changeOf(t, s, third, "fourth")
		if replaced, err := s.ChangePassword(t.Context(), change); err != nil || !replaced {
			t.Fatalf("replaced %v, %v", replaced, err)
		}
		fourth := change.Hash
		wantDue(t, s, "after the password was changed")

		fifth := replace(t, s, fourth, "fifth", "usr_bob")
		wantDue(t, s, "another user signed in", first, second, third, fourth)
		_, err := s.EndSession(t.Context(), fifth, device.Device{})
		must(t, err)
		wantDue(t, s, "and out", first, second, third, fourth, fifth)
	})
}

// signInsWithOneCookie: of a double click on Sign in, both requests have the cookie of before, and the
// browser keeps the second one's session.
func signInsWithOneCookie(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		before := beginAs(t, s, "usr_ada", "old", time.Hour)
		first := replace(t, s, before, "first", "usr_ada")
		replace(t, s, before, "another", "usr_bob")
		wantListed(t, s, "first") // another user ends no session of hers
		second := replace(t, s, before, "second", "usr_ada")
		wantListed(t, s, "second")
		third := replace(t, s, before, "last", "usr_ada")
		wantListed(t, s, "last")
		wantDue(t, s, "while the browser is signed in")
		must(t, s.EndUserSession(t.Context(), "usr_ada", third, device.Device{}))
		wantDue(t, s, "when it has signed out", before, first, second, third)
		replace(t, s, before, "new", "usr_ada")
		wantDue(t, s, "after a sign-in with a cookie from before", before, first, second, third)
	})
}

func concurrentSignIns(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		for n := range rounds {
			user := ada()
			user.ID, user.EmailAddress = fmt.Sprintf("usr_%d", n), account.Address(fmt.Sprintf("%d@example.com", n))
			seed(t, s, account.Directory{Users: []account.Record{user}})
			before := beginAs(t, s, user.ID, fmt.Sprintf("%d", n), time.Hour)
			var i atomic.Int32
			race(racers, func() {
				r := session.Record{Hash: secret.Sum(fmt.Sprintf("%d/%d", n, i.Add(1))), UserID: user.ID, ExpiresAt: time.Now().Add(time.Hour), Previous: before}
				if _, err := s.BeginSession(t.Context(), r); err != nil {
					t.Errorf("a sign-in: %v", err)
				}
			})
			wantDue(t, s, "while the browser is signed in")
			list, err := s.ListSessions(t.Context(), user.ID)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d sessions are left, want 1: %v", len(list), err)
			}
			_, err = s.EndSession(t.Context(), list[0].Hash, device.Device{})
			must(t, err)
			due, err := s.ListEndedSessions(t.Context(), 100)
			must(t, err)
			if len(due) != racers+1 {
				t.Errorf("%d sessions are due, want %d", len(due), racers+1)
			}
			must(t, s.AcknowledgeEndedSessions(t.Context(), due))
		}
	})
}

// failedSignInReplacesNothing: the previous session would otherwise end with a successor that never
// began, so that its clients are never told.
func failedSignInReplacesNothing(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		before := beginAs(t, s, "usr_ada", "old", time.Hour)
		exec(t, db, "ALTER TABLE events RENAME TO away")
		r := record(t, s, "usr_ada", "new")
		r.Previous, r.Event = before, accountevent.SignedIn
		if _, err := s.BeginSession(t.Context(), r); err == nil {
			t.Fatal("a sign-in without its event")
		}
		wantListed(t, s, "old")
		exec(t, db, "ALTER TABLE away RENAME TO events")
		_, err := s.EndSession(t.Context(), before, device.Device{})
		must(t, err)
		wantDue(t, s, "a sign-out afterwards", before)
	})
}

func failedChangeContinuesNothing(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		hash := beginAs(t, s, "usr_ada", "old", time.Hour)
		for what, spoil := range map[string]func(c *credential.Replacement){
			"from another hash": func(c *credential.Replacement) { c.Before = secret.New("another") },
			"an earlier epoch":  func(c *credential.Replacement) { c.Epoch-- },
			"a later epoch":     func(c *credential.Replacement) { c.Epoch++ },
		} {
			c := changeOf(t, s, hash, "new")
			spoil(&c)
			if _, err := s.ChangePassword(t.Context(), c); !errors.Is(err, credential.ErrChanged) {
				t.Fatalf("%s: %v", what, err)
			}
		}
		exec(t, db, "ALTER TABLE events RENAME TO away")
		if _, err := s.ChangePassword(t.Context(), changeOf(t, s, hash, "new")); err == nil || errors.Is(err, credential.ErrChanged) {
			t.Fatalf("a change without its event: %v", err)
		}
		if err := s.EndOtherSessions(t.Context(), following(t, s, hash, "new")); err == nil || errors.Is(err, account.ErrUnknown) {
			t.Fatalf("an epoch without its event: %v", err)
		}
		wantListed(t, s, "old")
		exec(t, db, "ALTER TABLE away RENAME TO events")
		_, err := s.EndSession(t.Context(), hash, device.Device{})
		must(t, err)
		wantDue(t, s, "a sign-out afterwards", hash)
	})
}

func dueTwice(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		s, later := store.New(reopen(0)), store.New(reopen(15*time.Minute))
		seed(t, s, example())
		hash := beginAs(t, s, "usr_ada", "one", time.Hour)
		_, err := s.EndSession(t.Context(), hash, device.Device{})
		must(t, err)
		list := wantDue(t, s, "at once", hash)
		must(t, s.AcknowledgeEndedSessions(t.Context(), list))
		must(t, s.AcknowledgeEndedSessions(t.Context(), list)) // by another replica
		wantDue(t, s, "acknowledged")
		again := wantDue(t, later, "a quarter of an hour later", hash)
		if len(again) != 1 || !again[0].Again {
			t.Fatalf("%+v", again)
		}
		must(t, later.AcknowledgeEndedSessions(t.Context(), again))
		wantDue(t, later, "acknowledged again")
	})
}

func expiredNotAnnounced(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		s, later := store.New(reopen(0)), store.New(reopen(48*time.Hour))
		seed(t, s, example())
		hash := beginAs(t, s, "usr_ada", "one", -time.Minute)
		_, err := s.EndSession(t.Context(), hash, device.Device{})
		must(t, err)
		wantDue(t, s, "expired")
		hash = beginAs(t, s, "usr_ada", "two", time.Hour)
		_, err = s.EndSession(t.Context(), hash, device.Device{})
		must(t, err)
		must(t, later.CleanUp(t.Context(), store.Retention{Events: time.Hour}))
		wantDue(t, later, "two days later")
	})
}

// epochOfMany counts the rows that PostgreSQL reads and writes when a user's sessions end, after many
// that others replaced.
func epochOfMany(t *testing.T) {
	const others, few = 10_000, 200
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	db := sqldbtest.Prepare(t, at)
	seed(t, store.New(db), example())
	kept := beginAs(t, store.New(db), "usr_ada", "kept", time.Hour)
	_, err := db.Exec(t.Context(), db.SQL(`
INSERT INTO ended_sessions (hash, user_id, ended_at, due_at, successor)
SELECT sha256(('h' || i)::bytea), 'usr_' || i, {{now}}, {{now}}, sha256(('s' || i)::bytea) FROM generate_series(1, $1::int) AS i`), others)
	must(t, err)
	must(t, db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE ended_sessions`))
	must(t, db.Close())
	rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
		endOthers(t, store.New(db), kept, "next")
	})
	if rows > few {
		t.Errorf("%d rows are read and written, of %d", rows, others)
	}
}
