package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
	"github.com/vidocu/usher/services/activity/internal/store"
)

// Requests tests the request log.
func Requests(t *testing.T) {
	t.Run("equal requests of an hour are one row", equalRequests)
	t.Run("a client has a thousand rows a day, also with several writers", boundedRequests)
	t.Run("a batch of a client with a thousand rows reads few of them", fewRowsOfFlood)
	t.Run("pages have each row once, and filters hold", pagesOfRequests)
	t.Run("old rows are deleted", oldRequests)
}

func equalRequests(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		at := now(t, s).Truncate(24 * time.Hour).Add(2 * time.Hour)
		later := entry("app", "https://a.example", at.Add(time.Minute))
		later.RequestID, later.Count = "later", 3
		record(t, s, entry("app", "https://a.example", at))
		record(t, s, later)
		record(t, s, entry("app", "https://a.example", at.Add(time.Hour)))
		record(t, s, entry("other", "https://a.example", at))
		rows := requests(t, s, requestlog.Filter{ClientID: "app"})
		if len(rows) != 2 || rows[0].Count != 1 {
			t.Fatalf("rows %+v", rows)
		}
		want := requestlog.Row{Entry: later}
		want.Count, want.First = 4, at
		if diff := cmp.Diff(want, rows[1], cmpopts.IgnoreFields(requestlog.Row{}, "Key")); diff != "" {
			t.Errorf("the row of the first hour (-want +got):\n%s", diff)
		}
	})
}

// boundedRequests has two writers record 2,000 kinds each, as two replicas do.
func boundedRequests(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		at := now(t, s).Truncate(24 * time.Hour).Add(2 * time.Hour)
		const batch, batches = 400, 5
		racetest.Run(2, func(writer int) {
			for n := range batches {
				var entries []requestlog.Entry
				for i := range batch {
					e := entry("app", fmt.Sprintf("https://%d.example/%d", writer, n*batch+i), at.Add(time.Duration(n)*time.Hour))
					e.Status = 400 + i%200 // more kinds of overflow rows than there may be
					entries = append(entries, e)
				}
				if err := (requestlog.Log{Store: s}).Record(t.Context(), entries); err != nil {
					t.Error(err)
				}
			}
		})
		rows := requests(t, s, requestlog.Filter{ClientID: "app"})
		var total int64
		overflow, rest := 0, 0
		for _, r := range rows {
			total += r.Count
			switch {
			case r.Overflow && r.Endpoint == "":
				rest++
			case r.Overflow:
				overflow++
				if r.Got != (requestlog.Facts{}) || r.Cause == "" {
					t.Errorf("an overflow row has %+v", r)
				}
			}
		}
		if len(rows) != requestlog.MaxRows || rest != 1 || overflow != requestlog.MaxRows-requestlog.MaxKinds-1 {
			t.Errorf("%d rows, of them %d by cause and %d for the rest", len(rows), overflow, rest)
		}
		if total != 2*batch*batches {
			t.Errorf("%d requests are counted, of %d", total, 2*batch*batches)
		}
		record(t, s, entry("other", "https://a.example", at))
		if other := requests(t, s, requestlog.Filter{ClientID: "other"}); len(other) != 1 || other[0].Overflow {
			t.Errorf("another client has %+v", other)
		}
	})
}

// fewRowsOfFlood counts the rows that PostgreSQL reads: each batch of a flood read every key of the day.
func fewRowsOfFlood(t *testing.T) {
	const batch, batches = 50, 40
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	db := sqldbtest.Prepare(t, at)
	hour := now(t, store.New(db, keptShort())).Truncate(24 * time.Hour).Add(2 * time.Hour)
	flood := func(s *store.Store, n int) {
		var entries []requestlog.Entry
		for i := range batch {
			e := entry("app", fmt.Sprintf("https://%d.example/%d", n, i), hour)
			e.Status = 400 + n%200 // the overflow rows fill up too
			entries = append(entries, e)
		}
		record(t, s, entries...)
	}
	s := store.New(db, keptShort())
	for n := range 200 {
		flood(s, n)
	}
	if rows := requests(t, s, requestlog.Filter{ClientID: "app"}); len(rows) != requestlog.MaxRows {
		t.Fatalf("the client has %d rows", len(rows))
	}
	others := fmt.Sprintf(`
INSERT INTO requests (day, client_id, kind, endpoint, method, status, error, cause, field, got, expected, overflow, amount, first_at, last_at, request_id)
SELECT %d, 'other' || i %% 20, decode(md5(i::text), 'hex'), '', '', 400, '', '', '', '{}', '{}', 0, 1, 0, 0, '' FROM generate_series(1, 20000) AS i`,
		requestlog.Day(hour))
	for _, text := range []string{others, `ANALYZE requests`} {
		if err := db.ExecOutsideTx(t.Context(), time.Minute, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	touched := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
		s := store.New(db, keptShort())
		for n := range batches {
			flood(s, 1000+n)
		}
	})
	if most := int64(requestlog.MaxRows + 10*batches); touched > most {
		t.Errorf("%d batches read and write %d rows, want one count of them and at most %d", batches, touched, most)
	}
}

func pagesOfRequests(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		at := now(t, s)
		var entries []requestlog.Entry
		for i := range 25 {
			entries = append(entries, entry([]string{"app", "other", ""}[i%3], fmt.Sprintf("https://%d.example", i), at))
		}
		granted := entry("app", "https://granted.example", at)
		granted.Status, granted.Error, granted.Cause, granted.Field = 303, "", "", ""
		granted.Got.Tolerated = "scope_spaces"
		quoted := granted
		quoted.ClientID, quoted.RequestID, quoted.Got.Tolerated, quoted.Got.Scope = "other", "quoted", "", `"tolerated":"no"`
		record(t, s, append(entries, granted, quoted)...)
		seen := map[string]int{}
		f := requestlog.Filter{Limit: 4}
		for page := requests(t, s, f); len(page) > 0; page = requests(t, s, f) {
			for _, r := range page {
				seen[r.RequestID]++
			}
			last := page[len(page)-1]
			f.After = requestlog.Place{LastAt: last.Last.UnixMicro(), Client: &last.ClientID, Kind: last.Key[:]}
		}
		if len(seen) != 27 {
			t.Errorf("the pages have %d rows", len(seen))
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%s is listed %d times", id, times)
			}
		}
		for name, row := range map[string]struct {
			filter requestlog.Filter
			want   int
		}{
			"all":                  {requestlog.Filter{}, 27},
			"a client":             {requestlog.Filter{ClientID: "app"}, 10},
			"refused":              {requestlog.Filter{ClientID: "app", RefusedOnly: true}, 9},
			"refused or tolerated": {requestlog.Filter{ClientID: "app", RefusedOnly: true, WithTolerated: true}, 10},
			"another's tolerated":  {requestlog.Filter{ClientID: "other", RefusedOnly: true, WithTolerated: true}, 8},
			"granted":              {requestlog.Filter{ClientID: "app", GrantedOnly: true}, 1},
			"a request":            {requestlog.Filter{RequestID: "reqhttps://7.example"}, 1},
			"another's request":    {requestlog.Filter{ClientID: "app", RequestID: "reqhttps://7.example"}, 0},
			"a cause":              {requestlog.Filter{Cause: "redirect_uri_unregistered"}, 25},
			"no such cause":        {requestlog.Filter{Cause: "code_expired"}, 0},
			"another endpoint":     {requestlog.Filter{Endpoint: "/oauth/token"}, 0},
			"from tomorrow":        {requestlog.Filter{Since: at.Add(24 * time.Hour)}, 0},
			"from the same moment": {requestlog.Filter{Since: at}, 27},
		} {
			if got := len(requests(t, s, row.filter)); got != row.want {
				t.Errorf("%s: %d rows, want %d", name, got, row.want)
			}
		}
	})
}

func oldRequests(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		at := now(t, s)
		for _, ago := range []time.Duration{0, 6 * 24 * time.Hour, 9 * 24 * time.Hour, 40 * 24 * time.Hour} {
			record(t, s, entry("app", "https://"+ago.String(), at.Add(-ago)))
		}
		for range 2 {
			if err := s.CleanUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if rows := requests(t, s, requestlog.Filter{}); len(rows) != 2 {
			t.Errorf("%d rows are left", len(rows))
		}
		record(t, s, entry("app", "https://late.example", at.Add(-9*24*time.Hour)))
	})
}
