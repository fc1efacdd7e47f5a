package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// Before checks rows of release 0.1, which have no cursors, and the rows that release 0.1 reads of
// this one.
func Before(t *testing.T) {
	t.Run("an ending takes along what release 0.1 issued before it", oldRows)
	t.Run("evidence that release 0.1 acted upon stays spent", func(t *testing.T) { each(t, oldEvidence) })
	t.Run("a pair carries the epoch that release 0.1 compares", func(t *testing.T) { each(t, carried) })
	t.Run("what is dead is swept soon, and not what lives", sweptSoon)
}

// revocationsOf are all revocations of a grant of John with the client in the workspace.
func revocationsOf() map[string]func(ctx context.Context, b bench) error {
	return map[string]func(ctx context.Context, b bench) error{
		"user":   func(ctx context.Context, b bench) error { return b.RevokeUser(ctx, "usr_john") },
		"grants": func(ctx context.Context, b bench) error { return b.RevokeUserGrants(ctx, "usr_john") },
		"member": func(ctx context.Context, b bench) error { return b.RevokeMember(ctx, "usr_john", "ws_acme") },
		"client": func(ctx context.Context, b bench) error { return b.RevokeClientGrants(ctx, "app") },
		"pair":   func(ctx context.Context, b bench) error { return b.EndConnection(ctx, "usr_john", "app") },
	}
}

// unborn makes every row one of release 0.1.
func (b bench) unborn(t *testing.T) {
	t.Helper()
	for _, text := range []string{`UPDATE families SET born = NULL`, `UPDATE user_tokens SET born = NULL`} {
		if _, err := b.db.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}

// unmark undoes the updates for release 0.1: the subject alone decides.
func (b bench) unmark(t *testing.T) {
	t.Helper()
	for _, text := range []string{`UPDATE families SET revoked_at = NULL`, `UPDATE user_tokens SET ended_at = NULL`} {
		if _, err := b.db.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}

func oldRows(t *testing.T) {
	for name, end := range revocationsOf() {
		sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
			b := open(t, reopen(0))
			old := b.mustRedeem(t, code("app", "ws_acme", 0))
			limited := b.mustIssue(t, usertoken.Holder{UserID: "usr_john", WorkspaceID: "ws_acme"})
			b.unborn(t)
			if !b.live(t, old.access) {
				t.Fatalf("%s: what release 0.1 issued is dead", name)
			}
			if err := end(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			b.unmark(t)
			if b.live(t, old.access) || b.current(t, old.refresh) {
				t.Errorf("%s: what release 0.1 issued outlives it", name)
			}
			if name == "user" || name == "member" {
				b.wantValidated(t, name, limited, usertoken.ErrExpired)
				if _, err := b.refreshUser(t.Context(), limited); !errors.Is(err, usertoken.ErrExpired) {
					t.Errorf("%s: a user token is refreshed: %v", name, err)
				}
			}
			// A token that release 0.1 issues later is live.
			later := open(t, reopen(time.Minute))
			epoch, err := later.GetPairEpoch(t.Context(), "usr_john", "app")
			if err != nil {
				t.Fatal(err)
			}
			anew := later.mustRedeem(t, code("app", "ws_acme", epoch))
			later.unborn(t)
			if !later.live(t, anew.access) || !later.current(t, anew.refresh) {
				t.Errorf("%s: what release 0.1 issued after it is dead", name)
			}
		})
	}
}

// oldEvidence: release 0.1 revoked the families and raised the epoch of the user-client, and wrote
// no subject.
func oldEvidence(t *testing.T, b bench) {
	first := b.mustRedeem(t, code("app", "ws_acme", 0))
	b.mustRotate(t, first.refresh)
	b.unborn(t)
	for _, text := range []string{`UPDATE families SET revoked_at = 1`, `UPDATE pairs SET epoch = epoch + 1, lenient_raises = 0`} {
		if _, err := b.db.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	anew := b.mustRedeem(t, code("app", "ws_acme", 1))
	if replay, err := b.Replayed(t.Context(), grant.Presented{Token: first.refresh, ClientID: "app"}, oauth.ReuseSubject); err != nil || replay.Reused || !b.live(t, anew.access) {
		t.Errorf("old evidence reached a newer connection: %v %v", replay.Reused, err)
	}
}

// carried: release 0.1 redeems a code where the row of pairs has the code's epoch.
func carried(t *testing.T, b bench) {
	for name, end := range revocationsOf() {
		if err := end(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		epoch, err := b.GetPairEpoch(t.Context(), "usr_john", "app")
		if err != nil {
			t.Fatal(err)
		}
		var row, lenient int64
		err = b.db.QueryRow(t.Context(), `SELECT epoch, lenient_raises FROM pairs WHERE user_id = 'usr_john' AND client_id = 'app'`).Scan(&row, &lenient)
		if err != nil || row != epoch {
			t.Errorf("%s: the epoch is %d, and %d in the row (%v)", name, epoch, row, err)
		}
		if i := fresh(); b.redeem(t.Context(), i, code("app", "ws_acme", epoch-1)) == nil {
			t.Errorf("%s: a code from before redeems", name)
		}
		i := b.mustRedeem(t, code("app", "ws_acme", epoch))
		if list, err := b.ListConnections(t.Context(), "usr_john"); err != nil || len(list) != 1 || list[0].Epoch != epoch || list[0].Lenient != lenient {
			t.Errorf("%s: connections are %+v (%v)", name, list, err)
		}
		if !b.live(t, i.access) {
			t.Errorf("%s: what was issued after it is dead", name)
		}
	}
}

func sweptSoon(t *testing.T) {
	for name, end := range revocationsOf() {
		sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
			b := open(t, reopen(0))
			b.mustRedeem(t, code("app", "ws_acme", 0))
			kept := b.mustRedeem(t, code("app2", "ws_doe", 0))
			if name == "user" || name == "grants" {
				c := code("app2", "ws_doe", 0)
				c.UserID = "usr_esther"
				kept = b.mustRedeem(t, c)
			}
			if err := end(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			b.unmark(t)
			for _, after := range []time.Duration{47 * time.Hour, 49 * time.Hour} {
				db, want := reopen(after), after < 48*time.Hour
				s := store.New(db, noReplicas{})
				if err := s.Sweep(t.Context(), store.Retention{}); err != nil {
					t.Fatal(err)
				}
				var there int
				err := db.QueryRow(t.Context(), `SELECT count(*) FROM families WHERE user_id = 'usr_john' AND client_id = 'app'`).Scan(&there)
				if err != nil || want && there != 1 || !want && there > 0 {
					t.Errorf("%s: %s later %d rows are there (%v)", name, after, there, err)
				}
			}
			if !open(t, reopen(49*time.Hour)).current(t, kept.refresh) {
				t.Errorf("%s: a live grant was swept", name)
			}
		})
	}
}
