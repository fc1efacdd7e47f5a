package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/activity/internal/store"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// Events tests the audit trail.
func Events(t *testing.T) {
	t.Run("an event comes back as it was stored", eventComesBack)
	t.Run("of several followers one stores a batch", eventsOnce)
	t.Run("pages have each event once, and filters hold", pagesOfEvents)
	t.Run("several kinds are one list", severalKinds)
	t.Run("a page of many kinds costs little more than one of a kind", manyKinds)
	t.Run("the failed sign-ins of an hour are one event", signInsByHour)
	t.Run("the sign-ins of a program in an hour are one event", programsByHour)
	t.Run("old events are deleted", oldEvents)
}

func keep(t *testing.T, s *store.Store, source string, from int64, list ...trail.Event) {
	t.Helper()
	if err := s.StoreEvents(t.Context(), source, from, trail.Batch{Events: list, Cursor: list[len(list)-1].Cursor}); err != nil {
		t.Fatal(err)
	}
}

func eventComesBack(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		want := event("authz", 7, now(t, s))
		keep(t, s, "authz", 0, want)
		if diff := cmp.Diff([]trail.Event{want}, events(t, s, trail.Filter{})); diff != "" {
			t.Errorf("the event (-want +got):\n%s", diff)
		}
		for source, want := range map[string]int64{"authz": 7, "token": 0} {
			if cursor, err := s.FeedCursor(t.Context(), source); err != nil || cursor != want {
				t.Errorf("the cursor of %s is %d, %v", source, cursor, err)
			}
		}
	})
}

func eventsOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		at := now(t, s)
		var stored atomic.Int64
		racetest.Run(4, func(int) {
			for cursor := int64(0); cursor < 20; cursor += 2 {
				batch := trail.Batch{Events: []trail.Event{event("token", cursor+1, at), event("token", cursor+2, at)}, Cursor: cursor + 2}
				switch err := s.StoreEvents(t.Context(), "token", cursor, batch); {
				case err == nil:
					stored.Add(1)
				case !errors.Is(err, trail.ErrMoved):
					t.Error(err)
				}
			}
		})
		list := events(t, s, trail.Filter{})
		if stored.Load() != 10 || len(list) != 20 {
			t.Errorf("%d batches were stored, with %d events", stored.Load(), len(list))
		}
		for i, e := range list {
			if e.Cursor != int64(20-i) {
				t.Errorf("event %d has the cursor %d", i, e.Cursor)
			}
		}
	})
}

func pagesOfEvents(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		at := now(t, s)
		for _, source := range []string{"identity", "token"} {
			var list []trail.Event
			for i := range 20 {
				e := event(source, int64(i+1), at.Add(-time.Duration(i/4)*time.Second))
				e.UserID, e.ClientID, e.ActorID, e.RequestID = fmt.Sprint("usr_", i%2), fmt.Sprint("app_", i%4), "usr_"+source, fmt.Sprint(source, i)
				if i%5 == 0 {
					e.Kind, e.UserID, e.ActorID = "clients.other", "", ""
				}
				list = append(list, e)
			}
			keep(t, s, source, 0, list...)
		}
		seen := map[string]int{}
		f := trail.Filter{Limit: 3}
		for page := events(t, s, f); len(page) > 0; page = events(t, s, f) {
			for _, e := range page {
				seen[fmt.Sprint(e.Source, e.Cursor)]++
			}
			last := page[len(page)-1]
			f.After = trail.Place{At: last.At.UnixMicro(), Source: last.Source, Cursor: last.Cursor}
		}
		if len(seen) != 40 {
			t.Errorf("the pages have %d events", len(seen))
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%s is listed %d times", id, times)
			}
		}
		for name, row := range map[string]struct {
			filter trail.Filter
			want   int
		}{
			"a user":             {trail.Filter{UserID: "usr_0"}, 16},
			"a client":           {trail.Filter{ClientID: "app_1"}, 10},
			"both":               {trail.Filter{UserID: "usr_0", ClientID: "app_1"}, 0},
			"a workspace":        {trail.Filter{WorkspaceID: "ws_acme"}, 40},
			"an actor":           {trail.Filter{ActorID: "usr_token"}, 16},
			"a request":          {trail.Filter{RequestID: "token3"}, 1},
			"a kind":             {trail.Filter{Kinds: []string{"client.updated"}}, 32},
			"kinds of an object": {trail.Filter{Kinds: []string{"client.", "none"}}, 32},
			"no such kind":       {trail.Filter{Kinds: []string{"client"}}, 0},
			"since":              {trail.Filter{Start: at}, 8},
			"until":              {trail.Filter{End: at}, 32},
		} {
			if got := len(events(t, s, row.filter)); got != row.want {
				t.Errorf("%s: %d events, want %d", name, got, row.want)
			}
		}
	})
}

// ofKinds are events of two sources at the same times, whose kind changes with each.
func ofKinds(at time.Time, kinds, of int, every time.Duration) map[string][]trail.Event {
	list := map[string][]trail.Event{}
	for _, source := range []string{"identity", "token"} {
		for i := range kinds * of {
			e := event(source, int64(i+1), at.Add(-time.Duration(i)*every))
			if e.Kind = fmt.Sprintf("kind.n%02d", i%kinds); every == 0 {
				e.At = at.Add(-time.Duration(i/10) * time.Second)
			}
			list[source] = append(list[source], e)
		}
	}
	return list
}

func severalKinds(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for source, list := range ofKinds(now(t, s), 7, 10, 0) {
			keep(t, s, source, 0, list...)
		}
		all := events(t, s, trail.Filter{})
		for name, f := range map[string]trail.Filter{
			"a prefix": {Kinds: []string{"kind."}},
			"two":      {Kinds: []string{"kind.n05", "kind.n01"}},
			"a time":   {Kinds: []string{"kind."}, Start: all[99].At, End: all[30].At},
		} {
			var want, got []string
			for _, e := range all {
				if (name != "two" || e.Kind == "kind.n05" || e.Kind == "kind.n01") && !e.At.Before(f.Start) && (f.End.IsZero() || e.At.Before(f.End)) {
					want = append(want, fmt.Sprint(e.Source, e.Cursor))
				}
			}
			f.Limit = 9
			for page := events(t, s, f); len(page) > 0; page = events(t, s, f) {
				for _, e := range page {
					got = append(got, fmt.Sprint(e.Source, e.Cursor))
				}
				last := page[len(page)-1]
				f.After = trail.Place{At: last.At.UnixMicro(), Source: last.Source, Cursor: last.Cursor}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

// manyKinds: the page of each kind was read, and then that of all kinds taken from them.
func manyKinds(t *testing.T) {
	const kinds, page = 20, 50
	s := store.New(sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Migrated(t, sqldb.SQLite, store.Migrations()))}), keptShort())
	for source, list := range ofKinds(now(t, s), kinds, page, time.Second) {
		keep(t, s, source, 0, list...)
	}
	cost := func(kind string) float64 {
		return testing.AllocsPerRun(1, func() {
			if list := events(t, s, trail.Filter{Kinds: []string{kind}, Limit: page}); len(list) != page {
				t.Errorf("a page of %s has %d events", kind, len(list))
			}
		})
	}
	if one, all := cost("kind.n00"), cost("kind."); all > one*kinds/2 {
		t.Errorf("a page of %d kinds makes %.0f allocations, of one kind %.0f", kinds, all, one)
	}
}

// oldEvents: of the 31 days that events are kept a partition of PostgreSQL has two.
func oldEvents(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		at := now(t, s)
		for i, days := range []time.Duration{400, 40, 33, 31, 1, 0} {
			keep(t, s, "authz", int64(i), event("authz", int64(i+1), at.Add(-days*24*time.Hour)))
		}
		for range 2 {
			if err := s.CleanUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if list := events(t, s, trail.Filter{}); len(list) != 3 || list[2].Cursor != 4 {
			t.Errorf("%d events are left", len(list))
		}
		keep(t, s, "authz", 6, event("authz", 7, at.Add(-40*24*time.Hour)))
	})
}
