package storetest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
			seed(t, s, example())
			first, second := secret.Sum("first"), secret.Sum("second")
			begin(t, s, first, time.Hour)
			begin(t, s, second, time.Hour)
			wantLive(t, s, "usr_ada", first, true)
			wantLive(t, s, "usr_bob", first, false) // the session of another user
			wantLive(t, s, "usr_ada", secret.Sum("third"), false)
			for _, want := range []bool{true, false} {
				if ended, err := s.EndSession(t.Context(), first); err != nil || ended != want {
					t.Errorf("EndSession: %v, %v, want %v", ended, err, want)
				}
			}
			wantLive(t, s, "usr_ada", first, false)
			wantLive(t, s, "usr_ada", second, true)
			if _, err := s.GetHolder(t.Context(), session.Lookup{UserID: "usr_nobody", Hash: second}); !errors.Is(err, account.ErrUnknown) {
				t.Errorf("a user who is gone: %v", err)
			}
			if _, err := s.BeginSession(t.Context(), session.Record{Hash: secret.Sum("x"), UserID: "usr_nobody", ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
				t.Errorf("a session of a user who is gone: %v", err)
			}
		})
	})
	t.Run("concurrent look-ups keep users and sessions apart", func(t *testing.T) {
		each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
			directory := example()
			directory.Memberships = append(directory.Memberships, member("usr_ada", "ws_two", "another"), member("usr_ada", "ws_three", "Zoo"))
			seed(t, s, directory)
			live := secret.Sum("live")
			begin(t, s, live, time.Hour)
			var n atomic.Int32
			race(40, func() {
				i := n.Add(1)
				user, hash := []string{"usr_ada", "usr_bob"}[i%2], []secret.Hash{live, secret.Sum("dead")}[i/2%2]
				l := session.Lookup{UserID: user, Hash: hash, Workspaces: i/4%2 == 0}
				holder, err := s.GetHolder(t.Context(), l)
				if err != nil || holder.ID != user || holder.Live != (user == "usr_ada" && hash == live) {
					t.Errorf("%s: %+v, %v", user, holder, err)
				}
				var want []account.Membership
				if l.Workspaces {
					want, err = s.ListWorkspaces(t.Context(), user)
				}
				if diff := cmp.Diff(want, holder.Workspaces); err != nil || diff != "" {
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

func begin(t *testing.T, s *store.Store, hash secret.Hash, lifetime time.Duration) {
	t.Helper()
	beginRecord(t, s, session.Record{Hash: hash, UserID: "usr_ada", ExpiresAt: time.Now().Add(lifetime)})
}

func beginRecord(t *testing.T, s *store.Store, r session.Record) {
	t.Helper()
	_, err := s.BeginSession(t.Context(), r)
	must(t, err)
}

func wantLive(t *testing.T, s *store.Store, userID string, hash secret.Hash, want bool) {
	t.Helper()
	holder, err := s.GetHolder(t.Context(), session.Lookup{UserID: userID, Hash: hash})
	if err != nil || holder.ID != userID || holder.Live != want {
		t.Errorf("%s: %+v, %v, want live %v", userID, holder, err, want)
	}
}
