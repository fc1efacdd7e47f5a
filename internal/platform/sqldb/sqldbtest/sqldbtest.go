// Package sqldbtest owns databases for tests: fresh ones on both engines, removed when the test
// ends. It is imported by tests and their suites alone.
package sqldbtest

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
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
	create := map[sqldb.Engine]func(testing.TB) string{sqldb.Postgres: Postgres, sqldb.SQLite: SQLite}
	for _, engine := range []sqldb.Engine{sqldb.Postgres, sqldb.SQLite} {
		t.Run(string(engine), func(t *testing.T) {
			database := create[engine](t)
			reopen := func(offset time.Duration) *sqldb.DB {
				return Open(t, sqldb.Config{URL: secret.New(database), ClockOffset: offset})
			}
			if fsys != nil {
				if err := sqldb.Migrate(t.Context(), reopen(0), fsys); err != nil {
					t.Fatal(err)
				}
			}
			f(t, reopen)
		})
	}
}

// Open opens a database until the test ends.
func Open(t testing.TB, c sqldb.Config) *sqldb.DB {
	t.Helper()
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
	server := os.Getenv("USHER_TEST_POSTGRES_URL")
	if server == "" {
		t.Fatal("USHER_TEST_POSTGRES_URL is not set: run the tests through scripts/with-deps.sh (make test does)")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("USHER_TEST_POSTGRES_URL is not a URL")
	}
	noise := make([]byte, 8)
	_, _ = rand.Read(noise) // never fails
	name := fmt.Sprintf("usher_test_%x", noise)
	admin(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { admin(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

// admin runs one statement on the server. Creating a database copies one, which takes a while on a
// loaded machine.
func admin(t testing.TB, server, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
	defer cancel()
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(server), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(ctx, text)
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
	return ClockAt(t, Postgres(t), fsys)
}

// ClockAt is PostgresClock for an existing empty database. Other connections to it get the same
// clock by WithClock("test_clock").
func ClockAt(t testing.TB, database string, fsys fs.FS) (*sqldb.DB, *Clock) {
	t.Helper()
	db := Open(t, sqldb.Config{URL: secret.New(database)})
	if err := sqldb.Migrate(t.Context(), db, fsys); err != nil {
		t.Fatal(err)
	}
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
