package storetest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/logout"
	"github.com/vidocu/usher/services/token/internal/store"
)

// fewRows is how many rows a call may read and write that finds none, of many.
const fewRows = 200

// LogoutOfMany counts the rows that PostgreSQL reads and writes after a long history of deliveries and
// of grants.
func LogoutOfMany(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	gather(t, at, false)
	addDeliveries(t, at)
	for name, call := range map[string]func(s store.LogoutStore) (int, error){
		"a client's deliveries": func(s store.LogoutStore) (int, error) {
			list, err := s.ListDeliveries(t.Context(), "one", math.MaxInt64, 10)
			return len(list), err
		},
		"the deliveries that are due": func(s store.LogoutStore) (int, error) {
			list, err := s.Claim(t.Context(), 10)
			return len(list), err
		},
		"the sessions of a user": func(s store.LogoutStore) (int, error) {
			list, err := s.SessionsOf(t.Context(), logout.Event{UserID: "usr_john"})
			return len(list), err
		},
		"the sessions of a user at a client": func(s store.LogoutStore) (int, error) {
			list, err := s.SessionsOf(t.Context(), logout.Event{UserID: "usr_john", ClientID: "app", WorkspaceID: "ws_acme", Before: 100})
			return len(list), err
		},
		"cleanup": func(s store.LogoutStore) (int, error) {
			return 0, s.CleanUp(t.Context(), lifetimes(), store.Retention{})
		},
	} {
		rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
			found, err := call(store.LogoutStore{Store: store.New(db, noReplicas{})})
			if err != nil || found > 0 {
				t.Errorf("%s: %d, %v", name, found, err)
			}
		})
		if rows > fewRows {
			t.Errorf("%s: %d rows are read and written, of %d", name, rows, below)
		}
	}
}

// browserAmongMany ends the sessions of one browser, whichever sessions are newer.
func browserAmongMany(t *testing.T, b bench) {
	browser := secret.Sum("browser")
	var want []string
	for _, client := range []string{"one", "two", "two"} { // at the second one twice
		sid := oauth.SessionID(browser, client)
		b.signIn(t, client, "ws_acme", "openid", sid)
		if !slices.Contains(want, sid) {
			want = append(want, sid)
		}
	}
	b.signIn(t, "three", "ws_acme", "", oauth.SessionID(browser, "three")) // without an ID token
	addSessions(t, b.db, 1500)
	found, err := store.LogoutStore{Store: b.Store}.SessionsOf(t.Context(), logout.Event{UserID: "usr_john", Browser: browser})
	var got []string
	for _, one := range found {
		got = append(got, one.ID)
		if one.Subject != "usr_john" || one.SignedInAt.IsZero() {
			t.Errorf("a session is %+v", one)
		}
	}
	slices.Sort(got)
	if slices.Sort(want); err != nil || !slices.Equal(got, want) {
		t.Errorf("the sessions are %v, %v, want %v", got, err, want)
	}
	for what, e := range map[string]logout.Event{
		"another browser": {UserID: "usr_john", Browser: secret.Sum("another")}, "another user": {UserID: "usr_jane", Browser: browser},
	} {
		if found, err := (store.LogoutStore{Store: b.Store}).SessionsOf(t.Context(), e); err != nil || len(found) > 0 {
			t.Errorf("%s has %v, %v", what, found, err)
		}
	}
}

// addSessions adds newer grants of John at one client, each with another session.
func addSessions(t *testing.T, db *sqldb.DB, n int) {
	t.Helper()
	bytes := `convert_to(%s, 'UTF8')`
	if db.Engine() == sqldb.SQLite {
		bytes = `CAST(%s AS BLOB)`
	}
	_, err := db.Exec(t.Context(), db.SQL(`
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < `+strconv.Itoa(n)+`)
INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, sid, epoch, born, redirect_uri, code_challenge,
    created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
SELECT `+fmt.Sprintf(bytes, `'many' || i`)+`, 'usr_john', 'one', 'ws_acme', 'John', 'openid', 'sid' || i, 0, 0, 'https://yourapp.com/callback', '',
    {{now}} + i, {{now}} + 3600000000, `+fmt.Sprintf(bytes, `'r' || i`)+`, {{now}}, {{now}} + 3600000000, {{now}} FROM n`))
	if err != nil {
		t.Fatal(err)
	}
}

// LogoutOfBrowser counts the rows that PostgreSQL reads for the logout of one browser, whose user has many
// sessions at a client.
func LogoutOfBrowser(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	db := sqldbtest.Prepare(t, at)
	b, browser := open(t, db), secret.Sum("browser")
	b.signIn(t, "one", "ws_acme", "openid", oauth.SessionID(browser, "one"))
	addSessions(t, db, below)
	if err := db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE families`); err != nil {
		t.Fatal(err)
	}
	_ = db.Close() // the statistics of its sessions are complete when they are closed
	rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
		found, err := store.LogoutStore{Store: store.New(db, noReplicas{})}.SessionsOf(t.Context(), logout.Event{UserID: "usr_john", Browser: browser})
		if err != nil || len(found) != 1 {
			t.Errorf("the browser has %v, %v", found, err)
		}
	})
	if rows > fewRows {
		t.Errorf("%d rows are read, of %d", rows, below)
	}
}

// LogoutBacklog counts the rows that PostgreSQL reads and writes for a claim while many deliveries are due. A
// claim numbered all of them.
func LogoutBacklog(t *testing.T) {
	const limit, clients = 16, 20
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	addBacklog(t, at, clients)
	for n := range 2 {
		rows := sqldbtest.RowsTouched(t, at, func(db *sqldb.DB) {
			list, err := store.LogoutStore{Store: store.New(db, noReplicas{})}.Claim(t.Context(), limit)
			if err != nil || len(list) != limit {
				t.Errorf("claim %d has %d deliveries, %v", n+1, len(list), err)
			}
		})
		if rows > fewRows {
			t.Errorf("claim %d reads and writes %d rows, of %d", n+1, rows, backlog)
		}
	}
}

// backlog is how many deliveries addBacklog adds.
const backlog = 5 * below

// addBacklog adds deliveries of some clients that are due, all from the same moment.
func addBacklog(t *testing.T, at string, clients int) {
	t.Helper()
	db := sqldbtest.Prepare(t, at)
	defer func() { _ = db.Close() }()
	_, err := db.Exec(t.Context(), db.SQL(`
INSERT INTO logout_deliveries (client_id, user_id, subject, sid, signed_in_at, reason, created_at, due_at)
SELECT 'many' || i % $3::int, 'usr_john', 'usr_john', 'sid', i, $2, {{now}}, {{now}} FROM generate_series(1, $1::int) AS i`), backlog, logout.ReasonLogout, clients)
	if err == nil {
		err = db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE logout_deliveries`)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// addDeliveries adds deliveries of other clients that were finished a moment ago.
func addDeliveries(t *testing.T, at string) {
	t.Helper()
	db := sqldbtest.Prepare(t, at)
	defer func() { _ = db.Close() }()
	_, err := db.Exec(t.Context(), db.SQL(`
INSERT INTO logout_deliveries (client_id, user_id, subject, sid, signed_in_at, reason, created_at, due_at, finished_at)
SELECT 'many' || i % 10, 'usr_john', 'usr_john', 'sid', i, $2, {{now}}, {{now}}, {{now}} FROM generate_series(1, $1::int) AS i`), below, logout.ReasonLogout)
	if err == nil {
		err = db.ExecOutsideTx(t.Context(), time.Minute, `ANALYZE logout_deliveries`)
	}
	if err != nil {
		t.Fatal(err)
	}
}
