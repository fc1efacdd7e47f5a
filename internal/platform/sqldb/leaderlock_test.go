package sqldb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
)

// isLeader reports whether l holds the lock, or acquires it, at this moment.
func isLeader(t *testing.T, l *sqldb.LeaderLock) bool {
	t.Helper()
	worked := false
	led, err := l.Do(t.Context(), func(context.Context) error { worked = true; return nil })
	if err != nil || led != worked {
		t.Fatalf("Do says %v, %v; the work was done: %v", led, err, worked)
	}
	return led
}

func TestOneProcessIsTheLeaderUntilItCloses(t *testing.T) {
	sqldbtest.EachReopen(t, nil, func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		one, two := reopen(0), reopen(0)
		a, b, other := one.LeaderLock("cleanup"), two.LeaderLock("cleanup"), two.LeaderLock("other")
		defer b.Close()
		defer other.Close()
		for range 2 { // and stays the leader
			if !isLeader(t, a) {
				t.Error("no other process exists, and the first is not the leader")
			}
		}
		if one.Engine() == sqldb.Postgres && isLeader(t, b) {
			t.Error("two leaders at once")
		}
		if !isLeader(t, other) {
			t.Error("another name is taken too")
		}
		a.Close()
		if !isLeader(t, b) {
			t.Error("the first has closed its lock and there is no leader")
		}
	})
}

func TestAnotherLeaderIsElectedWhenTheSessionEnds(t *testing.T) {
	url := sqldbtest.Postgres(t)
	a, b := openAt(t, url), openAt(t, url)
	first, second := a.LeaderLock("cleanup"), b.LeaderLock("cleanup")
	defer first.Close()
	defer second.Close()
	begun := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		_, err := first.Do(t.Context(), func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return context.Cause(ctx)
		})
		ended <- err
	}()
	<-begun
	if isLeader(t, second) {
		t.Fatal("two leaders at once")
	}
	// The server ends the session, as it does when the leader's machine is gone.
	if _, err := b.Exec(t.Context(), `
SELECT pg_terminate_backend(pid, 30000) FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
		t.Fatal(err)
	}
	if !isLeader(t, second) {
		t.Error("there is no leader after the leader's session has ended")
	}
	if err := <-ended; !errors.Is(err, sqldb.ErrLeadershipLost) {
		t.Errorf("the first one's work ended with %v", err)
	}
	if isLeader(t, first) {
		t.Error("the first is a leader beside the second")
	}
}

func TestOfManyConcurrentProcessesOneIsElected(t *testing.T) {
	url := sqldbtest.Postgres(t)
	const racers = 8
	locks := make([]*sqldb.LeaderLock, racers)
	for i := range locks {
		locks[i] = openAt(t, url).LeaderLock("cleanup")
		defer locks[i].Close()
	}
	led := make([]bool, racers)
	racetest.Run(racers, func(i int) {
		var err error
		if led[i], err = locks[i].Do(t.Context(), func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
	})
	n := 0
	for _, l := range led {
		if l {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of %d are leaders", n, racers)
	}
}

func TestExecOutsideTxGivesUpOnALockAndLeavesNoTimeLimitBehind(t *testing.T) {
	url := sqldbtest.Postgres(t)
	holder, db := openAt(t, url), openAt(t, url)
	if _, err := db.Exec(t.Context(), `CREATE TABLE things (id BIGINT)`); err != nil {
		t.Fatal(err)
	}
	err := holder.InTx(t.Context(), func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(t.Context(), `LOCK TABLE things`); err != nil {
			return err
		}
		if err := db.ExecOutsideTx(t.Context(), 20*time.Millisecond, `DROP TABLE things`); !errors.Is(err, sqldb.ErrUnavailable) {
			t.Errorf("a lock that was not to be had: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var limit string
	if err := db.QueryRow(t.Context(), `SHOW lock_timeout`).Scan(&limit); err != nil || limit != "0" {
		t.Errorf("the session keeps a limit of %s (%v)", limit, err)
	}
	if err := db.ExecOutsideTx(t.Context(), time.Second, `DROP TABLE things`); err != nil {
		t.Error(err)
	}
}

// openAt opens a database as another process would. A pool of one connection is enough, since the
// leader removes its connection from the pool.
func openAt(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	return sqldbtest.Open(t, sqldb.Config{URL: secret.New(url), MaxConns: 1})
}
