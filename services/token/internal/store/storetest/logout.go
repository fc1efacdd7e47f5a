package storetest

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/logout"
	domain "github.com/vidocu/usher/services/token/internal/revocation"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Logout checks the outbox of logout tokens.
func Logout(t *testing.T) {
	t.Run("a revocation ends the sessions of the grants before it", func(t *testing.T) { each(t, sessionsOfRevocations) })
	t.Run("a browser's logout ends its sessions, however many are newer", func(t *testing.T) { each(t, browserAmongMany) })
	t.Run("the log is read once, from its first entry", func(t *testing.T) { each(t, readOnce) })
	t.Run("a session is announced once as it was established", func(t *testing.T) { each(t, announcedOnce) })
	t.Run("concurrent replicas claim a delivery once", func(t *testing.T) { each(t, claimedOnce) })
	t.Run("a client with many deliveries delays no other", func(t *testing.T) { each(t, claimedFairly) })
	t.Run("an abandoned delivery keeps the result of its last attempt", func(t *testing.T) { each(t, abandoned) })
	t.Run("a lost claim is due again and no attempt, and what is finished is not", claimsExpire)
}

// signIn adds a grant of John to a client, with a session.
func (b bench) signIn(t *testing.T, client, workspace, scope, sid string) {
	t.Helper()
	c, i := code(client, workspace, 0), fresh()
	c.Scope = oauth.Scope{"videos:read"}
	if scope != "" {
		c.Scope = append(oauth.Scope{scope}, c.Scope...)
	}
	epoch, err := b.GetPairEpoch(t.Context(), c.UserID, c.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	c.Epoch = epoch
	err = b.Redeem(t.Context(), grant.Redemption{
		CodeHash: i.code, Code: c, Access: i.access, Refresh: i.refresh, Lifetimes: lifetimes(),
		Identity: grant.Identity{UserID: c.UserID, WorkspaceID: workspace, SessionID: sid},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sessionsOfRevocations(t *testing.T, b bench) {
	s := store.LogoutStore{Store: b.Store}
	b.signIn(t, "one", "ws_acme", "openid", "sid1")
	b.signIn(t, "one", "ws_doe", "openid", "sid2")
	b.signIn(t, "two", "ws_acme", "openid", "sid3")
	b.signIn(t, "two", "ws_acme", "openid", "") // a device
	b.signIn(t, "three", "ws_acme", "", "sid4") // without an ID token
	for name, c := range map[string]struct {
		revoke func() error
		want   []string
	}{
		"a client": {func() error { return b.EndConnection(t.Context(), "usr_john", "one") }, []string{"sid1", "sid2"}},
		"a workspace of one": {func() error {
			return b.EndConnectionIn(t.Context(), oauth.UserClient{UserID: "usr_john", ClientID: "one"}, "ws_doe")
		}, []string{"sid2"}},
		"an administrator's ending": {func() error {
			_, err := b.EndClientInWorkspace(t.Context(), "one", "ws_doe", []string{"usr_john"})
			return err
		}, []string{"sid2"}},
		"a membership": {func() error { return b.RevokeMember(t.Context(), "usr_john", "ws_acme") }, []string{"sid1", "sid3"}},
		"a user":       {func() error { return b.RevokeUser(t.Context(), "usr_john") }, []string{"sid1", "sid2", "sid3"}},
		"a password":   {func() error { return b.RevokeSignIns(t.Context(), "usr_john", domain.NewPassword) }, nil},
		"another user": {func() error { return b.RevokeUser(t.Context(), "usr_jane") }, nil},
	} {
		drain(t, s)
		if err := c.revoke(); err != nil {
			t.Fatal(err)
		}
		list, _, _, err := s.Events(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range list {
			sessions, err := s.SessionsOf(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range sessions {
				got = append(got, one.ID)
				if one.Subject != "usr_john" || one.SignedInAt.IsZero() {
					t.Errorf("%s: %+v", name, one)
				}
			}
		}
		slices.Sort(got)
		// An administrator's ending has an entry for codes beside that of the grant: a session is announced once.
		if got = slices.Compact(got); !slices.Equal(got, c.want) {
			t.Errorf("%s ends %v, want %v", name, got, c.want)
		}
	}
	drain(t, s)
	b.signIn(t, "one", "ws_acme", "openid", "sid5")
	if newest, err := s.SessionsOf(t.Context(), logout.Event{UserID: "usr_john"}); err != nil || len(newest) != 4 || newest[0].ID != "sid5" {
		t.Errorf("the sessions, newest first: %+v, %v", newest, err)
	}
	sessions, err := s.SessionsOf(t.Context(), logout.Event{UserID: "usr_john", ClientID: "one", Before: 1})
	if err != nil || len(sessions) == 3 {
		t.Errorf("a grant from after the revocation is among %+v, %v", sessions, err)
	}
}

// drain reads the log to its end.
func drain(t *testing.T, s store.LogoutStore) {
	t.Helper()
	for {
		_, cursor, _, err := s.Events(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if cursor == 0 {
			return
		}
		if err := s.Add(t.Context(), nil, cursor); err != nil {
			t.Fatal(err)
		}
	}
}

func readOnce(t *testing.T, b bench) {
	s := store.LogoutStore{Store: b.Store}
	b.signIn(t, "one", "ws_acme", "openid", "sid1")
	if err := b.EndConnection(t.Context(), "usr_john", "one"); err != nil {
		t.Fatal(err)
	}
	list, cursor, more, err := s.Events(t.Context(), 100)
	if err != nil || len(list) != 1 || cursor == 0 || more || list[0].Reason != logout.ReasonDisconnect {
		t.Fatalf("%+v, %d, %v, %v", list, cursor, more, err)
	}
	if err := s.Add(t.Context(), nil, cursor); err != nil {
		t.Fatal(err)
	}
	if _, cursor, _, err = s.Events(t.Context(), 100); err != nil || cursor != 0 {
		t.Errorf("at the end of the log: %d, %v", cursor, err)
	}
}

func toDeliver(client string, at int64) logout.Delivery {
	return logout.Delivery{Reason: logout.ReasonLogout, Session: logout.Session{
		ClientID: client, UserID: "usr_john", Subject: "usr_john", ID: "sid", SignedInAt: time.UnixMicro(at),
	}}
}

func announcedOnce(t *testing.T, b bench) {
	s := store.LogoutStore{Store: b.Store}
	for range 2 {
		if err := s.Add(t.Context(), []logout.Delivery{toDeliver("one", 1), toDeliver("one", 2)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.ListDeliveries(t.Context(), "one", math.MaxInt64, 10)
	if err != nil || len(list) != 2 || list[0].SignedInAt.UnixMicro() != 2 || list[0].Finished || list[0].DueAt.IsZero() {
		t.Fatalf("%+v, %v", list, err)
	}
	older, err := s.ListDeliveries(t.Context(), "", list[0].ID, 10)
	if err != nil || len(older) != 1 || older[0].ID != list[1].ID {
		t.Errorf("the next page is %+v, %v", older, err)
	}
	if other, err := s.ListDeliveries(t.Context(), "two", math.MaxInt64, 10); err != nil || len(other) != 0 {
		t.Errorf("another client has %+v, %v", other, err)
	}
}

func claimedOnce(t *testing.T, b bench) {
	s := store.LogoutStore{Store: b.Store}
	const clients = 20
	var all []logout.Delivery
	for n := range clients {
		all = append(all, toDeliver("client"+string(rune('a'+n)), 1), toDeliver("client"+string(rune('a'+n)), 2))
	}
	if err := s.Add(t.Context(), all, 0); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	claimed := map[int64]int{}
	together(8, func(int) {
		for range 10 {
			list, err := s.Claim(t.Context(), 3)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			for _, d := range list {
				claimed[d.ID]++
			}
			mu.Unlock()
		}
	})
	for id, n := range claimed {
		if n != 1 {
			t.Errorf("the delivery %d was claimed %d times", id, n)
		}
	}
	rest, err := s.Claim(t.Context(), 100)
	if err != nil || len(claimed)+len(rest) != 2*clients {
		t.Errorf("%d were claimed at once, %d afterwards, of %d; %v", len(claimed), len(rest), 2*clients, err)
	}
}

func claimedFairly(t *testing.T, b bench) {
	s := store.LogoutStore{Store: b.Store}
	var all []logout.Delivery
	for n := range 50 {
		all = append(all, toDeliver("many", int64(n)))
	}
	all = append(all, toDeliver("few", 1))
	if err := s.Add(t.Context(), all, 0); err != nil {
		t.Fatal(err)
	}
	first, err := s.Claim(t.Context(), 16)
	if err != nil || len(first) != logout.PerClient+1 || !slices.ContainsFunc(first, func(d logout.Delivery) bool { return d.ClientID == "few" }) {
		t.Fatalf("the first claim has %+v, %v", first, err)
	}
	// One that was committed late is due before those that are claimed.
	if _, err := b.db.Exec(t.Context(), `UPDATE logout_deliveries SET due_at = due_at - 1000000 WHERE locked_until = 0`); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Claim(t.Context(), 16); err != nil || len(again) != 0 {
		t.Errorf("while they are sent, %+v are claimed, %v", again, err)
	}
	for _, d := range first {
		if d.ClientID == "many" {
			if stored, err := s.Finish(t.Context(), d.ID, logout.Result{Status: 200}); err != nil || !stored {
				t.Fatal(stored, err)
			}
			break
		}
	}
	if next, err := s.Claim(t.Context(), 16); err != nil || len(next) != 1 || next[0].ClientID != "many" {
		t.Errorf("after one of them: %+v, %v", next, err)
	}
}

func abandoned(t *testing.T, b bench) {
	s := store.LogoutStore{Store: b.Store}
	if err := s.Add(t.Context(), []logout.Delivery{toDeliver("one", 1), toDeliver("two", 1)}, 0); err != nil {
		t.Fatal(err)
	}
	list, err := s.Claim(t.Context(), 5)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, d := range list {
		if d.ClientID == "one" {
			if err := s.Postpone(t.Context(), d.ID, logout.Result{Status: 503, Problem: "busy", Retry: true}, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 2 {
			if stored, err := s.Abandon(t.Context(), d.ID, "too late"); err != nil || stored != (n == 0) {
				t.Errorf("%s, time %d: %v, %v", d.ClientID, n+1, stored, err)
			}
		}
	}
	for client, want := range map[string]logout.Record{
		"one": {Delivery: logout.Delivery{Attempts: 1}, Status: 503, Problem: "busy; too late"}, "two": {Problem: "too late"},
	} {
		records, err := s.ListDeliveries(t.Context(), client, math.MaxInt64, 5)
		if err != nil || len(records) != 1 {
			t.Fatalf("%s: %+v, %v", client, records, err)
		}
		if r := records[0]; !r.Finished || r.Delivered || r.Status != want.Status || r.Problem != want.Problem || r.Attempts != want.Attempts ||
			r.AttemptedAt.IsZero() != (want.Attempts == 0) {
			t.Errorf("%s: %+v, want %+v", client, r, want)
		}
	}
}

func claimsExpire(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		at := func(d time.Duration) store.LogoutStore {
			return store.LogoutStore{Store: store.New(reopen(d), noReplicas{})}
		}
		now, soon, after, later := at(0), at(logout.Lease+time.Second), at(2*time.Hour), at(8*24*time.Hour)
		if err := now.Add(t.Context(), []logout.Delivery{toDeliver("one", 1)}, 0); err != nil {
			t.Fatal(err)
		}
		for n, s := range []store.LogoutStore{now, soon} {
			list, err := s.Claim(t.Context(), 5)
			if err != nil || len(list) != 1 || list[0].Attempts != 1 {
				t.Fatalf("claim %d: %+v, %v", n+1, list, err)
			}
			if n == 0 {
				continue
			}
			if err := s.Postpone(t.Context(), list[0].ID, logout.Result{Problem: "down", Retry: true}, time.Hour); err != nil {
				t.Fatal(err)
			}
			if again, err := s.Claim(t.Context(), 5); err != nil || len(again) != 0 {
				t.Errorf("what was postponed is claimed: %+v, %v", again, err)
			}
		}
		if list, err := after.Claim(t.Context(), 5); err != nil || len(list) != 1 || list[0].Attempts != 2 {
			t.Fatalf("the second attempt is %+v, %v", list, err)
		}
		list, err := later.Claim(t.Context(), 5)
		if err != nil || len(list) != 1 || list[0].Age < 7*24*time.Hour {
			t.Fatalf("%+v, %v", list, err)
		}
		if stored, err := now.Finish(t.Context(), list[0].ID, logout.Result{Status: 400, Problem: "refused"}); err != nil || !stored {
			t.Fatal(stored, err)
		}
		if stored, err := now.Finish(t.Context(), list[0].ID, logout.Result{Status: 200}); err != nil || stored {
			t.Errorf("the result of a replica whose claim had expired is stored: %v, %v", stored, err)
		}
		records, err := now.ListDeliveries(t.Context(), "one", math.MaxInt64, 5)
		if err != nil || len(records) != 1 || !records[0].Finished || records[0].Delivered || records[0].Status != 400 || records[0].Problem != "refused" ||
			records[0].Attempts != 2 || records[0].AttemptedAt.IsZero() {
			t.Errorf("%+v, %v", records, err)
		}
		if again, err := later.Claim(t.Context(), 5); err != nil || len(again) != 0 {
			t.Errorf("what is finished is claimed: %+v, %v", again, err)
		}
		if err := later.CleanUp(t.Context(), lifetimes(), store.Retention{}); err != nil {
			t.Fatal(err)
		}
		if records, err := now.ListDeliveries(t.Context(), "", math.MaxInt64, 5); err != nil || len(records) != 0 {
			t.Errorf("a week later: %+v, %v", records, err)
		}
	})
}
