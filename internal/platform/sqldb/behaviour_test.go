package sqldb_test

import (
	"errors"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
)

// TestReadingSideBySideNeverLooksCancelled: no caller cancels here, so none may get a cancellation
// error.
func TestReadingSideBySideNeverLooksCancelled(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		var readers sync.WaitGroup
		for range 16 {
			readers.Go(func() {
				for range 300 {
					var n int
					if err := db.QueryRow(t.Context(), "SELECT 1").Scan(&n); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		readers.Wait()
	})
}

// TestAPipelineIsOneTransaction: a failed statement undoes the ones before it.
func TestAPipelineIsOneTransaction(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		insert := `INSERT INTO things (hash, name) VALUES ($1, $2)`
		err := db.Pipeline(t.Context(),
			sqldb.Stmt(insert, []byte{1}, "first"), sqldb.Stmt(insert, []byte{2}, "second"), sqldb.Stmt(insert, []byte{3}, "first"))
		if !errors.Is(err, sqldb.ErrConflict) {
			t.Errorf("inserting a unique name twice returns %v", err)
		}
		var n int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM things`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows stayed (%v)", n, err)
		}
		found, absent := 0, 0
		read, miss := sqldb.Stmt(`SELECT 7 FROM things WHERE name = $1`, "kept").Scan(&found), sqldb.Stmt(`SELECT 7 FROM things WHERE name = $1`, "none").Scan(&absent)
		if err := db.Pipeline(t.Context(), sqldb.Stmt(insert, []byte{4}, "kept"), read, miss); err != nil {
			t.Fatal(err)
		}
		if !read.Found() || found != 7 || miss.Found() {
			t.Errorf("read found %v (%d), miss found %v", read.Found(), found, miss.Found())
		}
	})
}

// TestADatabaseThatIsAwayIsUnavailable, and never an empty result.
func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New("postgres://nobody@127.0.0.1:1/none")})
	var n int
	for what, err := range map[string]error{
		"reading":    db.QueryRow(t.Context(), "SELECT 1").Scan(&n),
		"pinging":    db.Ping(t.Context()),
		"pipelining": db.Pipeline(t.Context(), sqldb.Stmt("SELECT 1").Scan(&n)),
	} {
		if !errors.Is(err, sqldb.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestTheClockIsTheDatabasesPlusTheOffset, in microseconds.
func TestTheClockIsTheDatabasesPlusTheOffset(t *testing.T) {
	sqldbtest.EachReopen(t, nil, func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		later := reopen(time.Hour)
		var now int64
		if err := later.QueryRow(t.Context(), later.SQL(`SELECT {{now}}`)).Scan(&now); err != nil {
			t.Fatal(err)
		}
		if off := time.Until(time.UnixMicro(now)) - time.Hour; off.Abs() > time.Minute {
			t.Errorf("the clock is off by %s", off)
		}
	})
}

// TestAMigrationThatChangedIsRefused: an applied migration never runs again, so its text must not
// change.
func TestAMigrationThatChangedIsRefused(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		changed := fstest.MapFS{}
		for name, file := range migrations() {
			changed[name] = &fstest.MapFile{Data: append(file.Data, []byte("\n-- and a change\n")...)}
		}
		if err := sqldb.Migrate(t.Context(), db, changed); err == nil {
			t.Error("a changed migration was accepted")
		}
		if err := sqldb.Migrate(t.Context(), db, migrations()); err != nil {
			t.Errorf("the unchanged one fails: %v", err)
		}
		pending, err := sqldb.NeedsMigration(t.Context(), db, migrations())
		if err != nil || pending {
			t.Errorf("pending is %v, %v", pending, err)
		}
	})
}

// TestConnectionsThatTheServerEndedAreReplacedUnnoticed: after a restart, or behind a firewall that
// drops idle connections.
func TestConnectionsThatTheServerEndedAreReplacedUnnoticed(t *testing.T) {
	url := secret.New(sqldbtest.Postgres(t))
	db, server := sqldbtest.Open(t, sqldb.Config{URL: url}), sqldbtest.Open(t, sqldb.Config{URL: url, MaxConns: 1})
	var busy sync.WaitGroup
	held := make(chan struct{})
	for range 4 { // so that there are several connections to end
		rows, err := db.Query(t.Context(), "SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		busy.Go(func() { <-held; rows.Close() })
	}
	close(held)
	busy.Wait()
	others := ` FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
	var n int
	if err := server.QueryRow(t.Context(), "SELECT count(pg_terminate_backend(pid))"+others).Scan(&n); err != nil || n < 4 {
		t.Fatalf("ended %d connections: %v", n, err)
	}
	for n > 0 {
		if err := server.QueryRow(t.Context(), "SELECT count(*)"+others).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		if _, err := db.Exec(t.Context(), "SELECT 1"); err != nil {
			t.Errorf("a statement went out on a connection that was ended: %v", err)
		}
	}
}
