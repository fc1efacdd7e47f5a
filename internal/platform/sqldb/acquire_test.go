package sqldb_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
)

// TestATestWaitsForTheWriterUntilItHangs: a caller gives up after three seconds, and in a
// test, where only load makes the wait that long, after a minute.
func TestATestWaitsForTheWriterUntilItHangs(t *testing.T) {
	url := secret.New(sqldbtest.SQLite(t))
	for name, row := range map[string]struct {
		open func(t *testing.T) *sqldb.DB
		busy time.Duration
		want error
	}{
		"a process":                    {openPlainly(url), 4 * time.Second, sqldb.ErrUnavailable},
		"a process that waits briefly": {openPlainly(url), 2 * time.Second, nil},
		"a test":                       {func(t *testing.T) *sqldb.DB { return sqldbtest.Open(t, sqldb.Config{URL: url}) }, 50 * time.Second, nil},
		"a hang":                       {func(t *testing.T) *sqldb.DB { return sqldbtest.Open(t, sqldb.Config{URL: url}) }, 2 * time.Minute, sqldb.ErrUnavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			db, waited := row.open(t), make(chan error, 1)
			err := db.InTx(t.Context(), func(*sqldb.Tx) error {
				go func() {
					_, err := db.Exec(t.Context(), `CREATE TABLE IF NOT EXISTS things (id INTEGER)`)
					waited <- err
				}()
				<-time.After(row.busy)
				return nil
			})
			if err := errors.Join(err, <-waited); !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
				t.Errorf("%s: %v, want %v", name, err, row.want)
			}
		})
	}
}

// openPlainly opens a database as a process does.
func openPlainly(url secret.String) func(t *testing.T) *sqldb.DB {
	return func(t *testing.T) *sqldb.DB {
		t.Helper()
		db, err := sqldb.Open(context.WithoutCancel(t.Context()), sqldb.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
}
