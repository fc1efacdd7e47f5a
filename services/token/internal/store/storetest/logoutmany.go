package storetest

import (
	"math"
	"testing"
	"time"

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
