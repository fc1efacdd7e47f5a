package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Cleanup checks that cleanup deletes dead rows, keeps live ones, and blocks no other transaction.
func Cleanup(t *testing.T) {
	t.Run("nothing grows for ever", nothingGrows)
	t.Run("replicas may issue for different lifetimes", lifetimesMayDiffer)
	t.Run("no token outlives its family", familyEnd)
	t.Run("a long report delays nobody", longReader)
	t.Run("what a crash left behind goes", leftBehind)
	t.Run("an operator's copy stays", copies)
	t.Run("a revoked key is listed for as long as it is kept", revokedKeys)
	t.Run("partitions of the release before are gone on with", otherWidths)
}

func nothingGrows(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		now := open(t, reopen(0))
		dead, kept := now.mustRedeem(t, code("app", "ws_acme", 0)), now.mustRedeem(t, code("app", "ws_doe", 0))
		if _, err := now.RevokeAccess(t.Context(), dead.access, ""); err != nil {
			t.Fatal(err)
		}
		month := open(t, reopen(29*24*time.Hour))
		kept = month.mustRotate(t, kept.refresh)

		db := reopen(40 * 24 * time.Hour)
		later := open(t, db)
		if err := cleanUp(t, later, store.Retention{}); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int{"families": 1, "access_tokens": 0, "spent_refresh_tokens": 1, "revocations": 0} {
			var n int
			if err := db.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != want {
				t.Errorf("%s has %d rows (%v), want %d", table, n, err, want)
			}
		}
		if !later.current(t, kept.refresh) {
			t.Error("a family that was refreshed eleven days ago is gone")
		}
	})
}

func lifetimesMayDiffer(t *testing.T) {
	each(t, func(t *testing.T, b bench) {
		long := lifetimes()
		long.Access = 20 * time.Hour
		if err := b.MakeRoom(t.Context(), long); err != nil {
			t.Fatal(err)
		}
		i := fresh()
		if _, err := b.GetPairEpoch(t.Context(), "usr_john", "app"); err != nil {
			t.Fatal(err)
		}
		err := b.Redeem(t.Context(), grant.Redemption{
			CodeHash: i.code, Code: code("app", "ws_acme", 0), Access: i.access, Refresh: i.refresh, Lifetimes: long,
		})
		if err != nil || !b.live(t, i.access) {
			t.Fatalf("a token of twenty hours is not live (%v)", err)
		}
		if revoked, err := b.RevokeAccess(t.Context(), i.access, ""); err != nil || !revoked || b.live(t, i.access) {
			t.Errorf("it was not revoked: %v, %v", revoked, err)
		}
	})
}

func familyEnd(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		l := lifetimes()
		l.Refresh, l.Family = 3*time.Hour, 3*time.Hour
		i, b := fresh(), open(t, reopen(0))
		if _, err := b.GetPairEpoch(t.Context(), "usr_john", "app"); err != nil {
			t.Fatal(err)
		}
		err := b.Redeem(t.Context(), grant.Redemption{
			CodeHash: i.code, Code: code("app", "ws_acme", 0), Access: i.access, Refresh: i.refresh, Lifetimes: l,
		})
		if err != nil {
			t.Fatal(err)
		}
		last := open(t, reopen(150*time.Minute))
		next := issued{access: token(), refresh: token()}
		got, err := last.Rotate(t.Context(), grant.Rotation{
			Predecessor: i.refresh, ClientID: "app", Access: next.access, Successor: next.refresh, Lifetimes: l,
		})
		if err != nil || got.ExpiresIn > 30*time.Minute || got.ExpiresIn < 25*time.Minute {
			t.Errorf("half an hour before the end a token lives %s (%v)", got.ExpiresIn, err)
		}
		if open(t, reopen(181*time.Minute)).live(t, next.access) {
			t.Error("an access token outlived its family")
		}
	})
}

// cleaner is a store, with any clock.
type cleaner interface {
	CleanUp(ctx context.Context, l grant.Lifetimes, r store.Retention) error
	Sweep(ctx context.Context, r store.Retention) error
}

// cleanUp runs every cleanup once.
func cleanUp(t testing.TB, s cleaner, r store.Retention) error {
	t.Helper()
	return errors.Join(s.CleanUp(t.Context(), lifetimes(), r), s.Sweep(t.Context(), r))
}
