// Package sqldbtest owns databases for tests: fresh ones on both engines, removed when the test
// ends. It is imported by tests and their suites alone.
package sqldbtest

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Each runs f as the sub-tests "postgres" and "sqlite", each on a fresh database with the
// migrations in fsys applied (nil applies none). The PostgreSQL server is
// USHER_TEST_POSTGRES_URL's, which scripts/with-deps.sh starts.
func Each(t *testing.T, fsys fs.FS, f func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	EachReopen(t, fsys, func(t *testing.T, reopen func(time.Duration) *sqldb.DB) { f(t, reopen(0)) })
}

// EachReopen is Each for tests about time: each call of reopen opens the same database again, with
// its clock moved by the offset.
func EachReopen(t *testing.T, fsys fs.FS, f func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB)) {
	t.Helper()
	for _, engine := range []sqldb.Engine{sqldb.Postgres, sqldb.SQLite} {
		t.Run(string(engine), func(t *testing.T) {
			database := fresh(t, engine, fsys)
			reopen := func(offset time.Duration) *sqldb.DB {
				return Open(t, sqldb.Config{URL: secret.New(database), ClockOffset: offset, AcquireTimeout: acquireTimeout})
			}
			f(t, reopen)
		})
	}
}

// fresh returns the URL of a database with the migrations in fsys applied, if that is not nil.
func fresh(t testing.TB, engine sqldb.Engine, fsys fs.FS) string {
	t.Helper()
	switch {
	case fsys != nil:
		return Migrated(t, engine, fsys)
	case engine == sqldb.SQLite:
		return SQLite(t)
	}
	return Postgres(t)
}

// acquireTimeout is the longest wait for a connection in a test: many callers that wait for the one
// writer of SQLite on a loaded machine do not reach it.
const acquireTimeout = time.Minute

// Open opens a database until the test ends. Calls wait for a connection to SQLite, which knows no
// outage, so long that only a hang reaches the timeout.
func Open(t testing.TB, c sqldb.Config) *sqldb.DB {
	t.Helper()
	if c.AcquireTimeout == 0 && strings.HasPrefix(c.URL.Reveal(), "sqlite:") {
		c.AcquireTimeout = acquireTimeout
	}
	db, err := sqldb.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// SQLite returns the URL of a file that does not exist yet, in the form of sqldb.Config.URL.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// Postgres creates an empty database, drops it when the test ends, and returns its URL.
func Postgres(t testing.TB) string {
	t.Helper()
	return postgres(t, "")
}

// postgres is Postgres with a copy of the template, unless that is empty.
func postgres(t testing.TB, template string) string {
	t.Helper()
	noise := make([]byte, 8)
	_, _ = rand.Read(noise) // never fails
	name := fmt.Sprintf("usher_test_%x", noise)
	from := ""
	if template != "" {
		from = " TEMPLATE " + template
	}
	admin(t, "CREATE DATABASE "+name+from)
	t.Cleanup(func() { admin(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return serverURL(t, name)
}

// admin runs one statement on the server. Creating a database copies one, which takes a while on a
// loaded machine.
func admin(t testing.TB, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
	defer cancel()
	db := connect(ctx, t)
	_, err := db.Exec(ctx, text)
	if err := cmp.Or(err, db.Close()); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

// Clock is the clock of a database, which a test moves for all of the database's users.
type Clock struct {
	db   *sqldb.DB
	past time.Duration
}

// PostgresClock returns a fresh PostgreSQL database with the migrations in fsys applied, and its
// clock.
func PostgresClock(t testing.TB, fsys fs.FS) (*sqldb.DB, *Clock) {
	t.Helper()
	return ClockAt(t, Migrated(t, sqldb.Postgres, fsys))
}

// ClockAt is PostgresClock for an existing database. Other connections to it get the same clock by
// WithClock("test_clock").
func ClockAt(t testing.TB, database string) (*sqldb.DB, *Clock) {
	t.Helper()
	db := Open(t, sqldb.Config{URL: secret.New(database)})
	for _, text := range []string{`CREATE TABLE test_clock (ahead BIGINT NOT NULL)`, `INSERT INTO test_clock VALUES (0)`} {
		if _, err := db.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return db.WithClock("test_clock"), &Clock{db: db}
}

// Move moves the clock forward.
func (c *Clock) Move(t testing.TB, by time.Duration) {
	t.Helper()
	c.past += by
	if _, err := c.db.Exec(t.Context(), `UPDATE test_clock SET ahead = $1`, c.past.Microseconds()); err != nil {
		t.Fatal(err)
	}
}
