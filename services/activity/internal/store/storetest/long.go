package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
	"github.com/vidocu/usher/services/activity/internal/store"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// history is how many events there are (it holds at a million too, which takes minutes to fill on a busy
// machine), days over how many days they are spread, page the length of a list, and fewRows how
// many rows of them a list may read: PostgreSQL may look at one row of each partition before it merges them.
const (
	history = 200_000
	days    = 40
	page    = 100
	fewRows = 5 * page
)

// Long counts the rows that PostgreSQL reads for a page of a long audit trail: with each filter alone, of
// an object with many events, with few, and with none.
func Long(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	fill(t, at)
	for name, f := range map[string]trail.Filter{
		"all":                       {},
		"a user":                    {UserID: "usr_7"},
		"a user with many events":   {UserID: "usr_0"},
		"an unknown user":           {UserID: "usr_none"},
		"a workspace":               {WorkspaceID: "ws_7"},
		"a client":                  {ClientID: "app_7"},
		"an actor":                  {ActorID: "usr_7"},
		"an actor with many events": {ActorID: "usr_0"},
		"an unknown actor":          {ActorID: "usr_none"},
		"a request":                 {RequestID: "request_100001"},
		"an unknown request":        {RequestID: "none"},
		"a rare kind":               {Kinds: []string{"client.disabled"}},
		"a usual kind":              {Kinds: []string{"user.signed_in"}},
		"an unknown kind":           {Kinds: []string{"client.none"}},
		"rare kinds":                {Kinds: []string{"client.disabled", "client.none", "client.updated"}},
		"kinds with a prefix":       {Kinds: []string{"client."}},
		"usual kinds with a prefix": {Kinds: []string{"user.", "client.none"}},
		"an unknown prefix":         {Kinds: []string{"none."}},
		"a user's rare kind":        {UserID: "usr_7", Kinds: []string{"client.disabled"}},
	} {
		f.Limit = page
		rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
			if _, err := store.New(db, keptShort()).Events(t.Context(), f); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		if rows > fewRows {
			t.Errorf("a list of %s reads %d rows", name, rows)
		}
	}
}

// fill stores the events: usr_0 has half of them, and every other user two.
func fill(t *testing.T, at string) {
	t.Helper()
	db := sqldbtest.Prepare(t, at)
	defer func() { _ = db.Close() }()
	s := store.New(db, keptShort())
	today := now(t, s)
	for day := range days { // creates the partitions
		keep(t, s, "authz", int64(day), event("authz", int64(day+1), today.Add(-time.Duration(day)*24*time.Hour)))
	}
	first := requestlog.Day(today) - days + 1
	indexes := definitions(t, db)
	texts := []string{fmt.Sprintf(`
INSERT INTO audit_events (at, source, source_cursor, kind, actor_kind, actor_id, user_id, workspace_id, client_id, object_id, changes, details,
    request_id, amount)
SELECT (%d + i %% %d) * 86400000000 + i, 'token', i, CASE WHEN i %% 20000 = 0 THEN 'client.disabled' ELSE 'user.signed_in' END, 1,
    'usr_' || CASE WHEN i %% 2 = 0 THEN 0 ELSE i / 4 END, 'usr_' || CASE WHEN i %% 2 = 0 THEN 0 ELSE i / 4 END, 'ws_' || i / 10, 'app_' || i / 10,
    '', '[]', '{}', 'request_' || i, 1
FROM generate_series(1, %d::bigint) AS i`, first, days, history)}
	for name, definition := range indexes { // building them is far faster than filling them
		texts = append([]string{`DROP INDEX ` + name}, append(texts, definition)...)
	}
	for _, text := range append(texts, `ANALYZE audit_events`) {
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute) // the default is too short to fill a table
		err := db.ExecOutsideTx(ctx, time.Minute, text)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// definitions returns the statements that create the indexes of the trail, by name.
func definitions(t *testing.T, db *sqldb.DB) map[string]string {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT indexname::text, replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes WHERE tablename = 'audit_events'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	list := map[string]string{}
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			t.Fatal(err)
		}
		list[name] = definition
	}
	if err := rows.Err(); err != nil || len(list) == 0 {
		t.Fatalf("%d indexes, %v", len(list), err)
	}
	return list
}
