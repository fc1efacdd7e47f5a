package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Following checks reads of the log after a cursor, and look-ups of many tokens.
func Following(t *testing.T) {
	t.Run("entries name what ended", func(t *testing.T) { each(t, followed) })
	t.Run("the bounds of a log that was trimmed", bounds)
	t.Run("no cursor that was lost is used again", func(t *testing.T) { each(t, skippedCursors) })
	t.Run("many tokens are found as each alone", func(t *testing.T) { each(t, many) })
}

func followed(t *testing.T, b bench) {
	wantBounds(t, b, feed.Bounds{Head: 0, Oldest: 1})
	token, family := b.mustRedeem(t, code("app", "ws_acme", 0)), b.mustRedeem(t, code("app", "ws_doe", 0))
	if _, err := b.RevokeAccess(t.Context(), token.access, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RevokeRefresh(t.Context(), family.refresh, ""); err != nil {
		t.Fatal(err)
	}
	if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	wantBounds(t, b, feed.Bounds{Head: 3, Oldest: 1})
	want := []feed.Entry{
		{Cursor: 1, Revocation: revocation.Revocation{
			Kind: revocation.Token, TokenHash: token.access.Bytes(), FamilyID: token.code.Bytes(), UserID: "usr_john", ClientID: "app",
		}},
		{Cursor: 2, Revocation: revocation.Revocation{
			Kind: revocation.Family, FamilyID: family.code.Bytes(), UserID: "usr_john", ClientID: "app",
		}},
		{Cursor: 3, Revocation: revocation.Revocation{Kind: revocation.UserClient, UserID: "usr_john", ClientID: "app"}},
	}
	for from := range int64(4) {
		got, err := b.RevocationLog.LogAfter(t.Context(), from, 10)
		for i := range got {
			if age := got[i].Age; age < 0 || age > time.Hour {
				t.Errorf("an entry of this moment is %s old", age)
			}
			if got[i].RevokedAt.IsZero() {
				t.Error("an entry has no time")
			}
			got[i].Age, got[i].RevokedAt = 0, time.Time{}
		}
		if diff := cmp.Diff(want[from:], append([]feed.Entry{}, got...)); err != nil || diff != "" {
			t.Errorf("behind %d: %v (-want +got):\n%s", from, err, diff)
		}
	}
	if got, err := b.RevocationLog.LogAfter(t.Context(), 0, 2); err != nil || len(got) != 2 {
		t.Errorf("at most two: %d, %v", len(got), err)
	}
}

func wantBounds(t *testing.T, b bench, want feed.Bounds) {
	t.Helper()
	if got, err := b.RevocationLog.LogBounds(t.Context()); err != nil || got != want {
		t.Errorf("bounds %+v, %v: want %+v", got, err, want)
	}
}

func bounds(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		end := func(b bench) {
			if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
				t.Fatal(err)
			}
		}
		now := open(t, reopen(0))
		end(now)
		end(now)
		later := open(t, reopen(40*24*time.Hour))
		end(later)
		if err := cleanUp(t, later, store.Retention{}); err != nil {
			t.Fatal(err)
		}
		wantBounds(t, later, feed.Bounds{Head: 3, Oldest: 3})
		last := open(t, reopen(80*24*time.Hour))
		if err := cleanUp(t, last, store.Retention{}); err != nil {
			t.Fatal(err)
		}
		wantBounds(t, last, feed.Bounds{Head: 3, Oldest: 4})
	})
}

func skippedCursors(t *testing.T, b bench) {
	for _, cursor := range []int64{5, 3} { // beyond the end, and before it
		before, err := b.RevocationLog.LogBounds(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		head, err := b.RevocationLog.SkipCursors(t.Context(), cursor)
		if err != nil || head <= cursor+1 || head <= before.Head+1 {
			t.Fatalf("after cursor %d, and the end %d, the end is %d, %v", cursor, before.Head, head, err)
		}
		if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
			t.Fatal(err)
		}
		if got, err := b.RevocationLog.LogAfter(t.Context(), before.Head, 10); err != nil || len(got) != 1 || got[0].Cursor != head+1 {
			t.Errorf("the next entry is %+v, %v, want cursor %d", got, err, head+1)
		}
	}
}

func many(t *testing.T, b bench) {
	live, dead := b.mustRedeem(t, code("app", "ws_acme", 0)), b.mustRedeem(t, code("app", "ws_doe", 0))
	if _, err := b.RevokeAccess(t.Context(), dead.access, ""); err != nil {
		t.Fatal(err)
	}
	got, err := b.FindManyAccess(t.Context(), []secret.Hash{dead.access, live.access, token(), live.access})
	if err != nil {
		t.Fatal(err)
	}
	want, err := b.FindAccess(t.Context(), live.access)
	if err != nil {
		t.Fatal(err)
	}
	want.Left = got[live.access].Left
	if diff := cmp.Diff(map[secret.Hash]introspect.Facts{live.access: want}, got); diff != "" || want.Left <= 0 {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
