package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// Limits checks how many grants live, and how often they are refreshed.
func Limits(t *testing.T) {
	t.Run("a grant beyond the limit revokes the oldest", func(t *testing.T) { each(t, oldestGrant) })
	t.Run("after the limit was lowered a redemption revokes a few", func(t *testing.T) { each(t, loweredLimit) })
	t.Run("redemptions at the same time stay within the limit", func(t *testing.T) { each(t, limitRace) })
	t.Run("a family is refreshed so often in a window", refreshRate)
	t.Run("of many refreshes at the limit none passes it", func(t *testing.T) { each(t, refreshRace) })
	t.Run("a token that stays has all refreshes of a window", func(t *testing.T) { each(t, stayingRate) })
	t.Run("of two refreshes with one left the other is limited", func(t *testing.T) { each(t, lastRefreshRace) })
	t.Run("a refresh whose limit passes while it waits is rotated", func(t *testing.T) { each(t, limitPassesMeanwhile) })
}

func (b bench) redeemWithin(ctx context.Context, limit int, c oauth.ApprovedRequest) (issued, error) {
	i := fresh()
	if _, err := b.GetPairEpoch(ctx, c.UserID, c.ClientID); err != nil {
		return i, err
	}
	return i, b.Redeem(ctx, grant.Redemption{
		CodeHash: i.code, Code: c, Access: i.access, Refresh: i.refresh, Lifetimes: lifetimes(), GrantLimit: limit,
	})
}

// tick waits until the database's clock has moved: the oldest grant is found by it, and SQLite's
// has milliseconds.
func (b bench) tick(t *testing.T) {
	t.Helper()
	now := func() (us int64) {
		if err := b.db.QueryRow(t.Context(), b.db.SQL(`SELECT {{now}}`)).Scan(&us); err != nil {
			t.Fatal(err)
		}
		return us
	}
	for startedAt := now(); now() == startedAt; {
	}
}

func oldestGrant(t *testing.T, b bench) {
	const limit = 3
	c := code("app", "ws_acme", 0)
	elsewhere := []issued{b.mustRedeem(t, code("app", "ws_doe", 0)), b.mustRedeem(t, code("app2", "ws_acme", 0))}
	var all []issued
	for range limit + 2 {
		i, err := b.redeemWithin(t.Context(), limit, c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, i)
		b.tick(t)
	}
	for n, i := range all {
		if want := n >= 2; b.live(t, i.access) != want || b.current(t, i.refresh) != want {
			t.Errorf("grant %d of %d is live: %v", n+1, len(all), !want)
		}
	}
	for _, i := range elsewhere {
		if !b.live(t, i.access) {
			t.Error("a grant of another workspace or client was counted")
		}
	}
	b.wantLog(t, []logged{{revocation.Family, revlog.ReasonGrantLimit}, {revocation.Family, revlog.ReasonGrantLimit}})
	// A grant that was revoked is not one of them.
	if _, err := b.RevokeRefresh(t.Context(), all[4].refresh, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.redeemWithin(t.Context(), limit, c); err != nil || !b.live(t, all[2].access) {
		t.Errorf("a revoked grant was counted: %v", err)
	}
}

func loweredLimit(t *testing.T, b bench) {
	var all []issued
	for range 15 {
		all = append(all, b.mustRedeem(t, code("app", "ws_acme", 0)))
	}
	for round, want := range []int{6, 2, 2} {
		i, err := b.redeemWithin(t.Context(), 2, code("app", "ws_acme", 0))
		if err != nil || !b.live(t, i.access) {
			t.Fatalf("redeeming: %v", err)
		}
		all = append(all, i)
		live := 0
		for _, i := range all {
			if b.live(t, i.access) {
				live++
			}
		}
		if live != want {
			t.Errorf("after round %d %d grants are live, want %d", round+1, live, want)
		}
	}
}

func limitRace(t *testing.T, b bench) {
	const limit, many = 4, 20
	var all [many]issued
	together(many, func(n int) {
		var err error
		if all[n], err = b.redeemWithin(context.Background(), limit, code("app", "ws_acme", 0)); err != nil {
			t.Errorf("redeeming: %v", err)
		}
	})
	live := 0
	for _, i := range all {
		if b.live(t, i.access) {
			live++
		}
	}
	// Each redemption revokes the grants that it finds beyond the limit: the last one finds all.
	if live > limit {
		t.Errorf("%d grants are live, of at most %d", live, limit)
	}
}

func (b bench) rotateWithin(ctx context.Context, from issued, limit ratelimit.Budget) (issued, error) {
	next := issued{code: from.code, access: token(), refresh: token()}
	_, err := b.Rotate(ctx, grant.Rotation{
		Predecessor: from.refresh, ClientID: "app", Access: next.access, Successor: next.refresh, Lifetimes: lifetimes(), Limit: limit,
	})
	if err != nil {
		return from, err
	}
	return next, nil
}

// refreshRate opens the same database again with its clock moved.
func refreshRate(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		limit := ratelimit.Budget{Limit: 4, Window: time.Hour}
		now := open(t, reopen(0))
		held, other := now.mustRedeem(t, code("app", "ws_acme", 0)), now.mustRedeem(t, code("app", "ws_acme", 0))
		var err error
		for n := range limit.Limit {
			if held, err = now.rotateWithin(t.Context(), held, limit); err != nil {
				t.Fatalf("refresh %d: %v", n+1, err)
			}
		}
		for range 2 {
			var limited *grant.RefreshLimitError
			if _, err = now.rotateWithin(t.Context(), held, limit); !errors.As(err, &limited) {
				t.Fatalf("beyond the limit: %v", err)
			}
			if wait := limited.RetryAfter; wait <= 14*time.Minute || wait > 15*time.Minute {
				t.Errorf("retry after %s, want a quarter of an hour", wait)
			}
		}
		if !now.current(t, held.refresh) || !now.live(t, held.access) {
			t.Error("a refused refresh ended something")
		}
		if replay, err := now.Replayed(t.Context(), grant.Presented{Token: held.refresh, ClientID: "app"}, oauth.ReuseSubject); err != nil || replay.Reused {
			t.Errorf("a refused refresh is taken for reuse: %v", err)
		}
		if other, err = now.rotateWithin(t.Context(), other, limit); err != nil {
			t.Errorf("another family: %v", err)
		}
		if _, err = now.rotateWithin(t.Context(), held, ratelimit.Budget{}); err != nil {
			t.Errorf("without a limit: %v", err)
		}
		later := open(t, reopen(31*time.Minute))
		second, err := later.rotateWithin(t.Context(), other, limit)
		if err != nil {
			t.Fatal(err)
		}
		for range limit.Limit - 1 {
			if second, err = later.rotateWithin(t.Context(), second, limit); err != nil {
				t.Errorf("a whole window is there again after a rest: %v", err)
			}
		}
	})
}

func refreshRace(t *testing.T, b bench) {
	limit := ratelimit.Budget{Limit: 1, Window: time.Hour}
	held := b.mustRedeem(t, code("app", "ws_acme", 0))
	held, err := b.rotateWithin(t.Context(), held, limit)
	if err != nil {
		t.Fatal(err)
	}
	var limited atomic.Int32
	together(10, func(int) {
		var e *grant.RefreshLimitError
		if _, err := b.rotateWithin(context.Background(), held, limit); errors.As(err, &e) {
			limited.Add(1)
		}
	})
	if limited.Load() != 10 || !b.current(t, held.refresh) {
		t.Errorf("%d of 10 were refused", limited.Load())
	}
}

// refreshStaying refreshes with a token that stays (FAPI 2.0 §5.3.2.1).
func (b bench) refreshStaying(ctx context.Context, held issued, limit ratelimit.Budget) error {
	_, err := b.Rotate(ctx, grant.Rotation{
		Predecessor: held.refresh, ClientID: "app", Access: token(), Successor: held.refresh, Lifetimes: lifetimes(), Limit: limit,
	})
	return err
}

// stayingRate: the last refresh of a window was refused, though its access token was written.
func stayingRate(t *testing.T, b bench) {
	limit := ratelimit.Budget{Limit: 4, Window: time.Hour}
	held := b.mustRedeem(t, code("app", "ws_acme", 0))
	for n := range limit.Limit {
		if err := b.refreshStaying(t.Context(), held, limit); err != nil {
			t.Errorf("refresh %d of %d: %v", n+1, limit.Limit, err)
		}
	}
	var limited *grant.RefreshLimitError
	if err := b.refreshStaying(t.Context(), held, limit); !errors.As(err, &limited) {
		t.Errorf("beyond the limit: %v", err)
	}
}

// lastRefreshRace refreshes at two replicas: on PostgreSQL a refresh that waited for another one was refused
// as one with a token that is not current.
func lastRefreshRace(t *testing.T, b bench) {
	limit := ratelimit.Budget{Limit: 1, Window: time.Hour}
	replicas := []bench{b, open(t, b.db)}
	held := b.mustRedeem(t, code("app", "ws_acme", 0))
	release := b.holdUntilWaited(t, held, len(replicas))
	var refreshed, limited atomic.Int32
	together(len(replicas)+1, func(n int) {
		if n == len(replicas) {
			release()
			return
		}
		var e *grant.RefreshLimitError
		switch err := replicas[n].refreshStaying(context.Background(), held, limit); {
		case err == nil:
			refreshed.Add(1)
		case errors.As(err, &e):
			limited.Add(1)
		default:
			t.Errorf("a refresh at the limit: %v", err)
		}
	})
	if refreshed.Load() != 1 || limited.Load() != 1 {
		t.Errorf("%d of 2 refreshes have a token, and %d are limited", refreshed.Load(), limited.Load())
	}
}

// limitPassesMeanwhile has the limit of a family pass after a refresh was refused by it, and before the store reads
// why: a refresh that waited for the family's row was refused as one with a token that is not current.
func limitPassesMeanwhile(t *testing.T, b bench) {
	held := b.mustRedeem(t, code("app", "ws_acme", 0))
	// The refresh read the clock before it waited: the time that the limit passes is later.
	release := b.holdUntilWaited(t, held, 1, b.db.SQL(`UPDATE families SET refresh_due = {{now}} WHERE refresh_hash = $1`))
	together(2, func(n int) {
		if n == 1 {
			release()
			return
		}
		if err := b.refreshStaying(context.Background(), held, ratelimit.Budget{Limit: 1, Window: time.Hour}); err != nil {
			t.Errorf("a refresh whose limit passed: %v", err)
		}
	})
}

// holdUntilWaited locks a family. The function that it returns waits until that many transactions wait for
// the lock, makes the last changes of the family, and then releases it. SQLite has one writer at a time, and no such lock.
func (b bench) holdUntilWaited(t *testing.T, held issued, waiters int, last ...string) (release func()) {
	t.Helper()
	if b.db.Engine() != sqldb.Postgres {
		return func() {}
	}
	locked, waited, released := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		released <- b.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE families SET refresh_due = refresh_due WHERE refresh_hash = $1`, held.refresh.Bytes())
			close(locked)
			<-waited
			for _, change := range last {
				_, changeErr := tx.Exec(t.Context(), change, held.refresh.Bytes())
				err = errors.Join(err, changeErr)
			}
			return err
		})
	}()
	<-locked
	return func() {
		for waiting := 0; waiting < waiters; {
			err := b.db.QueryRow(t.Context(), `
SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
			if err != nil {
				t.Error(err)
				break
			}
		}
		close(waited)
		if err := <-released; err != nil {
			t.Error(err)
		}
	}
}
