package cleanup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
)

// migrations hold a table with a key of two columns.
func migrations() fstest.MapFS {
	table := &fstest.MapFile{Data: []byte(`-- +goose Up
CREATE TABLE things (owner TEXT NOT NULL, part BIGINT NOT NULL, until BIGINT, PRIMARY KEY (owner, part));
`)}
	return fstest.MapFS{"migrations/postgres/00001_things.sql": table, "migrations/sqlite/00001_things.sql": table}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// add inserts two rows for each owner: every second owner's are dead, every
// tenth's never expire.
func add(t *testing.T, db *sqldb.DB, owners int) {
	t.Helper()
	must(t, db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		for i := range owners {
			var until *int64
			if dead := int64(i % 2); i%10 != 0 {
				until = &dead
			}
			for part := range 2 {
				if _, err := tx.Exec(t.Context(), `INSERT INTO things VALUES ($1, $2, $3)`, fmt.Sprintf("owner-%05d", i), part, until); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

func sweep(db *sqldb.DB) *cleanup.Sweep[string] {
	return cleanup.NewSweep[string](db, cleanup.Table{Name: "things", Key: "owner, part", By: "owner", Dead: "until = $3"})
}

func count(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	must(t, db.QueryRow(t.Context(), `SELECT count(*) FROM things`).Scan(&n))
	return n
}

func TestASweepDeletesDeadRowsOnly(t *testing.T) {
	sqldbtest.Each(t, migrations(), func(t *testing.T, db *sqldb.DB) {
		s := sweep(db)
		must(t, s.Run(t.Context(), 1)) // the table is empty
		add(t, db, 1500)               // three slices
		must(t, s.Run(t.Context(), 1))
		if n := count(t, db); n != 1500 {
			t.Errorf("%d rows are left, want half of 3000", n)
		}
		must(t, s.Run(t.Context(), 0)) // from the start of the table
		if n := count(t, db); n != 300 {
			t.Errorf("%d rows are left, want the 300 that never expire", n)
		}
	})
}

func TestASweepSkipsLockedRows(t *testing.T) {
	sqldbtest.EachReopen(t, migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db, holder := reopen(0), reopen(0)
		add(t, db, 10)
		if db.Engine() == sqldb.SQLite {
			return // SQLite has one writer and no row locks
		}
		s := sweep(db)
		must(t, holder.InTx(t.Context(), func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE things SET until = 7 WHERE owner = 'owner-00001'`); err != nil {
				return err
			}
			must(t, s.Run(t.Context(), 1))
			return nil
		}))
		if n := count(t, db); n != 20-8 {
			t.Errorf("%d rows are left, want the ten that are alive and the two that were locked", n)
		}
	})
}

func TestRepeatEndsWithTheLastSlice(t *testing.T) {
	sqldbtest.Each(t, migrations(), func(t *testing.T, db *sqldb.DB) {
		add(t, db, 50)
		n, err := cleanup.Repeat(t.Context(), db,
			`DELETE FROM things WHERE (owner, part) IN (SELECT owner, part FROM things WHERE until = $1 LIMIT $2)`, 7, 1)
		if must(t, err); n != 50 || count(t, db) != 50 {
			t.Errorf("%d of 50 rows were deleted", n)
		}
	})
}

// runner counts its runs, of which every second one fails.
func runner(db *sqldb.DB, log *bytes.Buffer, runs *atomic.Int64, done chan<- string) cleanup.Runner {
	return cleanup.Runner{
		Name: "things", DB: db, Logger: slog.New(slog.NewTextHandler(log, nil)), Every: time.Millisecond,
		Work: func(context.Context) error {
			if runs.Add(1)%2 == 0 {
				return errors.New("disk full")
			}
			return nil
		},
		Done: func(name string, _ time.Time) {
			select {
			case done <- name:
			default:
			}
		},
	}
}

func TestCleanupIsRetriedAfterAFailure(t *testing.T) {
	sqldbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		ctx, stop := context.WithCancel(t.Context())
		var log bytes.Buffer
		var runs atomic.Int64
		done, ended := make(chan string), make(chan struct{})
		go func() {
			runner(db, &log, &runs, done).Run(ctx)
			close(ended)
		}()
		for range 4 { // the start, and three runs
			if name := <-done; name != "things" {
				t.Errorf("%q was cleaned up", name)
			}
		}
		stop()
		<-ended
		if runs.Load() < 5 || !strings.Contains(log.String(), "disk full") {
			t.Errorf("%d runs, and the log says %q", runs.Load(), log.String())
		}
		lock := db.LeaderLock("housekeeping/things")
		defer lock.Close()
		// PostgreSQL releases the lock of a connection a moment after it was closed.
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			leads, err := lock.Do(t.Context(), func(context.Context) error { return nil })
			if err != nil || !leads && time.Now().After(deadline) {
				t.Fatalf("the runner that stopped is still the leader (%v)", err)
			}
			if leads {
				break
			}
		}
	})
}

// TestAReplicaThatFailsIsNotTheLeaderForEver: another one may have what it lacks.
func TestAReplicaThatFailsIsNotTheLeaderForEver(t *testing.T) {
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.Postgres(t))})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	failed, succeeded := make(chan struct{}, 1), make(chan struct{}, 1)
	replica := func(err error, ran chan<- struct{}) {
		running.Go(func() {
			cleanup.Runner{
				Name: "things", DB: db, Logger: slog.New(slog.DiscardHandler), Every: time.Millisecond,
				Work: func(context.Context) error {
					select {
					case ran <- struct{}{}:
					default:
					}
					return err
				},
			}.Run(ctx)
		})
	}
	replica(errors.New("no way to the other service"), failed)
	<-failed
	replica(nil, succeeded)
	select {
	case <-succeeded:
	case <-time.After(time.Minute):
		t.Error("the replica that fails stays the leader")
	}
}

func TestTheFirstRunIsDelayed(t *testing.T) {
	sqldbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		ctx, stop := context.WithCancel(t.Context())
		var runs atomic.Int64
		started, ended := make(chan string, 1), make(chan struct{})
		k := runner(db, &bytes.Buffer{}, &runs, started)
		k.Every, k.Later = time.Hour, true
		go func() {
			k.Run(ctx)
			close(ended)
		}()
		<-started
		// Another runner completes three runs meanwhile: by then the first would have run too.
		other, rest := context.WithCancel(t.Context())
		var others atomic.Int64
		done, left := make(chan string), make(chan struct{})
		neighbour := runner(db, &bytes.Buffer{}, &others, done)
		neighbour.Name = "others"
		go func() {
			neighbour.Run(other)
			close(left)
		}()
		for range 4 {
			<-done
		}
		rest()
		<-left
		stop()
		<-ended
		if n := runs.Load(); n != 0 {
			t.Errorf("%d runs immediately after the start", n)
		}
	})
}
