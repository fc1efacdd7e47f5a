package storetest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/session"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Sessions tests that a session is valid from its beginning to its end and for one user, and that
// the cleanup deletes expired ones.
func Sessions(t *testing.T) {
	t.Run("a session lives until it is ended", func(t *testing.T) {
		each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
			seed(t, s, example())
			first, second := secret.Sum("first"), secret.Sum("second")
			begin(t, s, first, time.Hour)
			begin(t, s, second, time.Hour)
			wantLive(t, s, first, true)
			wantLive(t, s, secret.Sum("third"), false)
			for _, want := range []bool{true, false} {
				if ended, err := s.EndSession(t.Context(), first, device.Device{}); err != nil || ended != want {
					t.Errorf("EndSession: %v, %v, want %v", ended, err, want)
				}
			}
			wantAudited(t, db, "usr_ada", "user.signed_out")
			wantLive(t, s, first, false)
			wantLive(t, s, second, true)
			if _, err := s.BeginSession(t.Context(), session.Record{Hash: secret.Sum("x"), UserID: "usr_nobody", ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
				t.Errorf("a session of a user who is gone: %v", err)
			}
		})
	})
	t.Run("a session is read as it began", func(t *testing.T) { each(t, readAsBegun) })
	t.Run("concurrent look-ups keep users and sessions apart", func(t *testing.T) {
		each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
			directory := example()
			directory.Memberships = append(directory.Memberships, member("usr_ada", "ws_two", "another"), member("usr_ada", "ws_three", "Zoo"))
			seed(t, s, directory)
			users := []string{"usr_ada", "usr_bob", ""}
			for _, user := range users[:2] {
				beginRecord(t, s, session.Record{Hash: secret.Sum(user), UserID: user, ExpiresAt: time.Now().Add(time.Hour)})
			}
			var n atomic.Int32
			race(48, func() {
				i := n.Add(1)
				user := users[i%3]
				l := session.Lookup{Hash: secret.Sum(user), Workspaces: i/3%2 == 0}
				stored, err := s.GetSession(t.Context(), l)
				if user == "" {
					if !errors.Is(err, account.ErrUnknown) {
						t.Errorf("no session: %+v, %v", stored, err)
					}
					return
				}
				if err != nil || stored.User.ID != user {
					t.Errorf("%s: %+v, %v", user, stored, err)
				}
				var want []account.Membership
				if l.Workspaces {
					want, err = s.ListWorkspaces(t.Context(), user)
				}
				if diff := cmp.Diff(want, stored.Workspaces); err != nil || diff != "" {
					t.Errorf("%s, workspaces %v: %v (-want +got)\n%s", user, l.Workspaces, err, diff)
				}
			})
		})
	})
	t.Run("cleanup deletes expired sessions and no others", func(t *testing.T) {
		sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
			db := reopen(0)
			s, later := store.New(db), store.New(reopen(48*time.Hour))
			seed(t, s, example())
			begin(t, s, secret.Sum("short"), time.Hour)
			begin(t, s, secret.Sum("long"), 72*time.Hour)
			for _, step := range []struct {
				store *store.Store
				left  int
			}{{s, 2}, {later, 1}} {
				if err := step.store.CleanUp(t.Context(), store.Retention{Events: time.Hour}); err != nil {
					t.Fatal(err)
				}
				if n := count(t, db, "browser_sessions"); n != step.left {
					t.Errorf("%d sessions are left, want %d", n, step.left)
				}
			}
		})
	})
}

func readAsBegun(t *testing.T, _ *sqldb.DB, s *store.Store) {
	seed(t, s, example())
	now := time.UnixMicro(time.Now().UnixMicro()).UTC()
	for _, r := range []session.Record{
		{Hash: secret.Sum("of now"), ExpiresAt: now.Add(time.Hour), AuthenticatedAt: now, Epoch: 3},
		{Hash: secret.Sum("expired"), ExpiresAt: now.Add(-time.Hour)},
	} {
		r.UserID = "usr_ada"
		beginRecord(t, s, r)
		got, err := s.GetSession(t.Context(), session.Lookup{Hash: r.Hash})
		must(t, err)
		want := session.Stored{
			Session: session.Session{User: got.User, ExpiresAt: r.ExpiresAt, AuthenticatedAt: r.AuthenticatedAt}, Epoch: r.Epoch,
		}
		if diff := cmp.Diff(want, got); diff != "" || got.User.ID != r.UserID {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func begin(t *testing.T, s *store.Store, hash secret.Hash, lifetime time.Duration) {
	t.Helper()
	beginRecord(t, s, session.Record{Hash: hash, UserID: "usr_ada", ExpiresAt: time.Now().Add(lifetime)})
}

func beginRecord(t *testing.T, s *store.Store, r session.Record) {
	t.Helper()
	_, err := s.BeginSession(t.Context(), r)
	must(t, err)
}

// wantLive requires that there is, or is not, a session, of usr_ada.
func wantLive(t *testing.T, s *store.Store, hash secret.Hash, want bool) {
	t.Helper()
	stored, err := s.GetSession(t.Context(), session.Lookup{Hash: hash})
	if live := err == nil && stored.User.ID == "usr_ada"; live != want || !live && !errors.Is(err, account.ErrUnknown) {
		t.Errorf("%+v, %v, want live %v", stored, err, want)
	}
}
