package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Contention checks the same decisions under concurrent calls. A failure that is not one of the
// contract's, such as a serialisation failure, is an error in every race.
func Contention(t *testing.T) {
	t.Run("50 redemptions of one code", func(t *testing.T) { each(t, manyRedemptions) })
	t.Run("20 refreshes of one token", func(t *testing.T) { each(t, manyRefreshes) })
	t.Run("20 replays of a shared client's token", func(t *testing.T) { each(t, manyFamilyReuses) })
	t.Run("refresh against revoke", func(t *testing.T) { each(t, refreshAgainstRevoke) })
	t.Run("refreshes of one pair against its disconnection", func(t *testing.T) { each(t, refreshesAgainstDisconnect) })
	t.Run("redemption against the pair mark", func(t *testing.T) { each(t, redemptionAgainstDisconnect) })
	t.Run("the log under concurrent revocations", func(t *testing.T) { each(t, logUnderLoad) })
}

func manyRedemptions(t *testing.T, b bench) {
	for range crowdRounds {
		base := fresh()
		var won atomic.Int32
		winners := make([]issued, 50)
		together(50, func(n int) {
			i := issued{code: base.code, access: token(), refresh: token()}
			switch err := b.redeem(context.Background(), i, code("app", "ws_acme", 0)); {
			case err == nil:
				winners[won.Add(1)-1] = i
			case !errors.Is(err, grant.ErrCodeUsed):
				t.Errorf("redemption %d: %v", n, err)
			}
		})
		if won.Load() != 1 || !b.live(t, winners[0].access) {
			t.Fatalf("%d redemptions of one code succeeded", won.Load())
		}
	}
}

// refreshesAgainstDisconnect runs refreshes of several families concurrently with the revocation of
// all of them: both lock many of the same rows, in different orders.
func refreshesAgainstDisconnect(t *testing.T, b bench) {
	const families = 12
	for range raceRounds {
		epoch, err := b.GetPairEpoch(t.Context(), "usr_john", "app")
		if err != nil {
			t.Fatal(err)
		}
		first, next := make([]issued, families), make([]issued, families)
		for n := range families {
			first[n] = b.mustRedeem(t, code("app", "ws_acme", epoch))
		}
		together(families+1, func(n int) {
			if n == families {
				if err := b.EndConnection(context.Background(), "usr_john", "app"); err != nil {
					t.Errorf("disconnecting: %v", err)
				}
				return
			}
			var err error
			if next[n], err = b.rotate(context.Background(), first[n].refresh, "app"); err != nil && !errors.Is(err, grant.ErrNotCurrent) {
				t.Errorf("refresh: %v", err)
			}
		})
		for n := range families {
			if b.live(t, first[n].access) || b.live(t, next[n].access) || b.current(t, next[n].refresh) {
				t.Fatal("something of a disconnected pair is live")
			}
		}
	}
}

func manyRefreshes(t *testing.T, b bench) {
	for round := range crowdRounds {
		epoch, err := b.GetPairEpoch(t.Context(), "usr_john", "app")
		if err != nil {
			t.Fatal(err)
		}
		i := b.mustRedeem(t, code("app", "ws_acme", epoch))
		var won, reused atomic.Int32
		var winner issued
		together(20, func(int) {
			next, err := b.rotate(context.Background(), i.refresh, "app")
			if err == nil {
				won.Add(1)
				winner = next
				return
			}
			if !errors.Is(err, grant.ErrNotCurrent) {
				t.Errorf("refresh: %v", err)
			}
			replay, err := b.Replayed(context.Background(), grant.Presented{Token: i.refresh, ClientID: "app"}, oauth.ReuseSubject)
			if err != nil {
				t.Errorf("judging a loser: %v", err)
			}
			if replay.Reused {
				reused.Add(1)
			}
		})
		if won.Load() != 1 || reused.Load() != 1 {
			t.Fatalf("round %d: %d won, %d revoked the pair; want one each", round, won.Load(), reused.Load())
		}
		if b.live(t, winner.access) || b.current(t, winner.refresh) {
			t.Fatalf("round %d: something of the pair is live after its token was reused", round)
		}
	}
}

// manyFamilyReuses: of many replays of a spent token at once, one revokes its family.
func manyFamilyReuses(t *testing.T, b bench) {
	for round := range crowdRounds {
		i := b.mustRedeem(t, code("app", "ws_acme", 0))
		next := b.mustRotate(t, i.refresh)
		var reused atomic.Int32
		together(20, func(int) {
			replay, err := b.Replayed(context.Background(), grant.Presented{Token: i.refresh, ClientID: "app"}, oauth.ReuseFamily)
			if err != nil {
				t.Errorf("a replay: %v", err)
			}
			if replay.Reused {
				reused.Add(1)
			}
		})
		if reused.Load() != 1 || b.live(t, next.access) || b.current(t, next.refresh) {
			t.Fatalf("round %d: %d revoked the family, want 1; or it is live", round, reused.Load())
		}
	}
}

func refreshAgainstRevoke(t *testing.T, b bench) {
	for round := range rounds {
		i := b.mustRedeem(t, code("app", "ws_acme", 0))
		var next issued
		together(2, func(n int) {
			if n == 0 {
				var err error
				if next, err = b.rotate(context.Background(), i.refresh, "app"); err != nil && !errors.Is(err, grant.ErrNotCurrent) {
					t.Errorf("refresh: %v", err)
				}
				return
			}
			if revoked, err := b.RevokeRefresh(context.Background(), i.refresh, ""); err != nil || !revoked {
				t.Errorf("revoke: ended %v, error %v", revoked, err)
			}
		})
		if b.live(t, i.access) || b.live(t, next.access) || b.current(t, next.refresh) {
			t.Fatalf("round %d: something of the family is live after a completed revocation", round)
		}
	}
}

func redemptionAgainstDisconnect(t *testing.T, b bench) {
	for round := range rounds {
		i := fresh()
		together(2, func(n int) {
			if n == 0 {
				err := b.redeem(context.Background(), i, code("app", "ws_acme", int64(round)))
				if err != nil && !errors.Is(err, grant.ErrConsentRevoked) {
					t.Errorf("redemption: %v", err)
				}
				return
			}
			if err := b.EndConnection(context.Background(), "usr_john", "app"); err != nil {
				t.Errorf("disconnect: %v", err)
			}
		})
		if b.live(t, i.access) || b.current(t, i.refresh) {
			t.Fatalf("round %d: a token outlives the disconnect that overtook it", round)
		}
	}
}

// logUnderLoad polls the log under concurrent appends: a reader that advances its cursor must see
// every entry exactly once.
func logUnderLoad(t *testing.T, b bench) {
	const writers, each = 8, 25
	var done atomic.Bool
	followed := make(chan []int64)
	go func() {
		var seen []int64
		var cursor int64
		for {
			last := done.Load()
			entries, err := b.RevocationLog.EntriesAfter(context.Background(), cursor, 1000)
			if err != nil {
				t.Errorf("following: %v", err)
			}
			for _, e := range entries {
				seen = append(seen, e.Cursor)
				cursor = e.Cursor
			}
			if last {
				followed <- seen
				return
			}
		}
	}()
	together(writers, func(n int) {
		for range each {
			if err := b.EndConnection(context.Background(), "usr_john", string(rune('a'+n))); err != nil {
				t.Errorf("revoking: %v", err)
			}
		}
	})
	done.Store(true)
	seen := <-followed
	if len(seen) != writers*each {
		t.Fatalf("the follower saw %d of %d entries", len(seen), writers*each)
	}
	for i, cursor := range seen {
		if cursor != int64(i+1) {
			t.Fatalf("entry %d has cursor %d", i, cursor)
		}
	}
}
