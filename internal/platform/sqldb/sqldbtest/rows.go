package sqldbtest

import (
	"net/url"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// The application names of the sessions of a test that counts rows.
const (
	// preparing are sessions whose rows are not counted: RowsTouched waits for their end.
	preparing = "preparing"
	counted   = "counted"
)

// Named returns the URL of a PostgreSQL database with an application name.
func Named(t testing.TB, database, name string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery += "&application_name=" + name
	return u.String()
}

// Prepare opens a PostgreSQL database for work whose rows are not counted. The caller closes it before
// RowsTouched, which waits for that.
func Prepare(t testing.TB, database string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: secret.New(Named(t, database, preparing))})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// RowsTouched counts the rows that work's sessions read and write in the tables of a PostgreSQL
// database. Unlike a duration, it does not depend on the machine. A session's rows are counted when
// it has ended, so no other session may use the database.
func RowsTouched(t testing.TB, database string, work func(db *sqldb.DB)) int64 {
	t.Helper()
	watcher := Open(t, sqldb.Config{URL: secret.New(database), MaxConns: 1})
	before := sumOnceEnded(t, watcher, preparing)
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: secret.New(Named(t, database, counted))})
	if err != nil {
		t.Fatal(err)
	}
	work(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return sumOnceEnded(t, watcher, counted) - before
}

// sessionsEnd is the longest that sessions may take to end after their connections were closed: only a
// hang reaches it.
const sessionsEnd = 2 * time.Minute

// sumOnceEnded returns the number of rows read and written, once the sessions with the name have
// ended.
func sumOnceEnded(t testing.TB, watcher *sqldb.DB, name string) int64 {
	t.Helper()
	for deadline := time.Now().Add(sessionsEnd); ; time.Sleep(5 * time.Millisecond) {
		var sessions, sum int64
		var statements string
		err := watcher.QueryRow(t.Context(), `
SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1),
    (SELECT COALESCE(string_agg(query, '; '), '') FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1),
    (SELECT COALESCE(sum(seq_tup_read + idx_tup_fetch + n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables)`, name).
			Scan(&sessions, &statements, &sum)
		if err != nil {
			t.Fatal(err)
		}
		if sessions == 0 {
			return sum
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s %d sessions named %s have not ended, which ran %s", sessionsEnd, sessions, name, statements)
		}
	}
}
