// Package sqldbtest gives tests a fresh database of each engine.
//
// It owns their making and dropping. It never skips: without a PostgreSQL server the test fails and says how to get one.
package sqldbtest

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Each runs a test on a fresh, migrated database of each engine.
func Each(t *testing.T, steps fs.FS, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	EachReopen(t, steps, func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		test(t, reopen(0))
	})
}

// EachReopen is Each for tests that move the clock: reopen opens the same database with its clock moved.
func EachReopen(t *testing.T, steps fs.FS, test func(t *testing.T, reopen func(offset time.Duration) *sqldb.DB)) {
	t.Helper()
	for engine, url := range map[string]func(*testing.T) string{"postgres": PostgresURL, "sqlite": SQLiteURL} {
		t.Run(engine, func(t *testing.T) {
			address := url(t)
			reopen := func(offset time.Duration) *sqldb.DB {
				db, err := sqldb.Open(t.Context(), sqldb.Config{URL: secret.New(address), ClockOffset: offset})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() })
				return db
			}
			if err := sqldb.Migrate(t.Context(), reopen(0), steps); err != nil {
				t.Fatal(err)
			}
			test(t, reopen)
		})
	}
}

// SQLite opens a fresh, migrated SQLite database: what a fake of a store stands on.
func SQLite(t *testing.T, steps fs.FS) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: secret.New(SQLiteURL(t))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqldb.Migrate(t.Context(), db, steps); err != nil {
		t.Fatal(err)
	}
	return db
}

// SQLiteURL is the address of a SQLite file that goes with the test.
func SQLiteURL(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// PostgresURL makes a database on the test server and answers its address. It is dropped with the test.
func PostgresURL(t *testing.T) string {
	t.Helper()
	server := os.Getenv("USHER_TEST_POSTGRES_URL")
	if server == "" {
		t.Fatal("no PostgreSQL: run the tests through scripts/with-deps.sh (make test does)")
	}
	name := "t" + strings.ToLower(secret.NewID("_"))
	onServer(t, server, fmt.Sprintf("CREATE DATABASE %s", name))
	t.Cleanup(func() { onServer(t, server, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)) })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func onServer(t *testing.T, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(server), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // one statement
	if _, err := db.Exec(ctx, statement); err != nil {
		t.Error(err)
	}
}
