package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/activity/internal/store"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// failed is a failed sign-in of usr_john, with some wrong passwords.
func failed(cursor int64, at time.Time, count string) trail.Event {
	e := event("identity", cursor, at)
	e.Kind, e.Details = "user.sign_in_failed", map[string]string{"count": count}
	return e
}

// issued is a sign-in of a program of usr_john, from a place.
func issued(cursor int64, at time.Time, client, network string) trail.Event {
	e := event("token", cursor, at)
	e.Kind, e.ClientID, e.Details = "user_token.issued", client, map[string]string{"network": network}
	return e
}

// programsByHour lists the first sign-in of each program from each place in an hour.
func programsByHour(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		noon := now(t, s).Truncate(24 * time.Hour).Add(12 * time.Hour)
		at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
		keep(t, s, "token", 0,
			issued(1, at(1), "", "192.0.2.*"), issued(2, at(2), "", "192.0.2.*"), issued(3, at(3), "", "203.0.113.*"),
			issued(4, at(4), "app", "192.0.2.*"), issued(5, at(5), "app", "192.0.2.*"), issued(6, at(60), "", "192.0.2.*"))
		var got []int64
		for _, e := range events(t, s, trail.Filter{UserID: "usr_john", SignInsByHour: true, Limit: 10}) {
			got = append(got, e.Cursor)
		}
		if diff := cmp.Diff([]int64{6, 4, 3, 1}, got); diff != "" {
			t.Errorf("the events (-want +got):\n%s", diff)
		}
	})
}

// signInsByHour has failures before, between and after other events, of the user and of another one.
func signInsByHour(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		noon := now(t, s).Truncate(24 * time.Hour).Add(12 * time.Hour)
		at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
		other := failed(3, at(6), "100")
		other.UserID = "usr_jane"
		keep(t, s, "identity", 0,
			failed(1, at(5), "2"), failed(2, at(5), "3"), other, failed(4, at(30), ""), failed(5, at(59), "4"), // the same hour
			failed(6, at(60), "7"), failed(7, at(-60), "8"), failed(8, at(-1), "9"))
		keep(t, s, "token", 0, event("token", 1, at(20)), event("token", 2, at(45)), event("token", 3, at(-30)), event("token", 4, at(90)))
		all := []string{"token 4 Firefox", "identity 6 7", "token 2 Firefox", "token 1 Firefox", "identity 1 10", "token 3 Firefox", "identity 7 17"}
		for name, row := range map[string]struct {
			filter trail.Filter
			want   []string
		}{
			"all":            {trail.Filter{}, all},
			"of some kinds":  {trail.Filter{Kinds: []string{"user."}}, []string{"identity 6 7", "identity 1 10", "identity 7 17"}},
			"of other kinds": {trail.Filter{Kinds: []string{"client.updated"}}, []string{all[0], all[2], all[3], all[5]}},
			"a part": {
				trail.Filter{Start: at(10), End: at(59)}, []string{"token 2 Firefox", "identity 4 1", "token 1 Firefox"},
			},
		} {
			for limit := 1; limit <= len(all); limit++ {
				f := row.filter
				f.UserID, f.SignInsByHour, f.Limit = "usr_john", true, limit
				var got []string
				for page := events(t, s, f); len(page) > 0; page = events(t, s, f) {
					for _, e := range page {
						got = append(got, fmt.Sprint(e.Source, " ", e.Cursor, " ", e.Details["count"]+e.Details["browser"]))
					}
					last := page[len(page)-1]
					f.After = trail.Place{At: last.At.UnixMicro(), Source: last.Source, Cursor: last.Cursor}
				}
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("%s, %d on a page (-want +got):\n%s", name, limit, diff)
				}
			}
		}
		if list := events(t, s, trail.Filter{UserID: "usr_john"}); len(list) != 11 {
			t.Errorf("an operator's list has %d events", len(list))
		}
	})
}

// Flooded counts the rows that PostgreSQL reads for a page of a user whose password is tried, or who
// has a program that signs in, at every hour of many days: as many as the hours of the page have.
func Flooded(t *testing.T) {
	for _, kind := range []string{"user.sign_in_failed", "user_token.issued"} {
		t.Run(kind, func(t *testing.T) { flooded(t, kind) })
	}
}

func flooded(t *testing.T, kind string) {
	const days, hourly, size = 30, 40, 50
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	db := sqldbtest.Prepare(t, at)
	s := store.New(db, keptShort())
	today := now(t, s).Truncate(24 * time.Hour)
	for day := range days { // creates the partitions
		keep(t, s, "authz", int64(day), event("authz", int64(day+1), today.Add(-time.Duration(day)*24*time.Hour)))
	}
	fill := fmt.Sprintf(`
INSERT INTO audit_events (at, source, source_cursor, kind, actor_kind, actor_id, user_id, workspace_id, client_id, object_id, changes, details,
    request_id, amount)
SELECT %d - i * 90000000, 'identity', i, '%s', 4, 'identity', 'usr_john', '', '', '', '[]', '{"count":"1"}', '', 1
FROM generate_series(1, %d::bigint) AS i`, today.UnixMicro(), kind, (days-1)*24*hourly)
	for _, text := range []string{fill, `ANALYZE audit_events`} {
		if err := db.ExecOutsideTx(t.Context(), time.Minute, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
		f := trail.Filter{UserID: "usr_john", SignInsByHour: true, Kinds: []string{kind}, Limit: size}
		list, err := store.New(db, keptShort()).Events(t.Context(), f)
		if err != nil || len(list) != size || kind == "user.sign_in_failed" && list[size-1].Details["count"] != fmt.Sprint(hourly) {
			t.Errorf("%d events, %v", len(list), err)
		}
	})
	if most := int64(4 * size * hourly); rows > most { // each event, the first of its hour, and once more for the sum
		t.Errorf("a page of %d hours with %d events each reads %d rows", size, hourly, rows)
	}
}
