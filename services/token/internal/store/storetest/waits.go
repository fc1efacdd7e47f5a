package storetest

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/store"
)

// Waiting is how cleanup delayed clients.
type Waiting struct {
	// Longest is the longest observed wait for a lock of cleanup; Looks is the number of
	// observations.
	Longest time.Duration
	Looks   int
	// Alone and Beside are the longest of a thousand statements without cleanup and with it, and
	// Removed the number of deleted rows.
	Alone, Beside time.Duration
	Removed       int64
	// Run is the longest run of cleanup.
	Run time.Duration
}

const (
	// crowd is how many dead families and tokens there are at the beginning.
	crowd = 300_000
	// keeper is the application_name of the connection that runs cleanup.
	keeper = "housekeeping"
	// busy is how many refresh meanwhile.
	busy = 8
)

// Waits runs cleanup every five hours for two and a half days concurrently with refreshes, and
// polls PostgreSQL's locks.
func Waits(t testing.TB) Waiting {
	t.Helper()
	at, err := url.Parse(sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations()))
	if err != nil {
		t.Fatal(err)
	}
	db, clock := sqldbtest.ClockAt(t, at.String())
	b := open(t, db)
	addDead(t, db)
	named := *at
	named.RawQuery += "&application_name=" + keeper
	of := sqldbtest.Open(t, sqldb.Config{URL: secret.New(named.String())})
	house := store.New(of.WithClock("test_clock"), noReplicas{})
	watcher := sqldbtest.Open(t, sqldb.Config{URL: secret.New(at.String()), MaxConns: 1})
	var control, w Waiting
	clock.Move(t, 2*time.Hour) // the added rows have expired
	w.Alone = b.work(t, func() { time.Sleep(2 * time.Second) })
	control.looking(t, watcher, func() { b.work(t, func() { stand(t, of) }) })
	if control.Longest < standing/2 {
		t.Fatalf("a lock of %s was seen to be waited for for %s: looking shows nothing", standing, control.Longest)
	}
	before := rowsOf(t, db)
	w.looking(t, watcher, func() {
		w.Beside = b.work(t, func() {
			for range 12 {
				startedAt := time.Now()
				if err := cleanUp(t, house, store.Retention{}); err != nil {
					t.Errorf("housekeeping: %v", err)
				}
				w.Run = max(w.Run, time.Since(startedAt))
				clock.Move(t, 5*time.Hour) // partitions expire, and others are created
			}
		})
	})
	w.Removed = before - rowsOf(t, db)
	return w
}

// standing is how long the control run blocks other transactions.
const standing = 200 * time.Millisecond

// stand takes a lock that cleanup must never take.
func stand(t testing.TB, db *sqldb.DB) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `LOCK TABLE access_tokens IN ACCESS EXCLUSIVE MODE`)
		time.Sleep(standing)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// looking looks while work is done.
func (w *Waiting) looking(t testing.TB, db *sqldb.DB, work func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var looking sync.WaitGroup
	looking.Go(func() { w.look(ctx, t, db) })
	work()
	stop()
	looking.Wait()
}

// addDead adds families that are past their grace and tokens that expire within the hour.
func addDead(t testing.TB, db *sqldb.DB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := db.Exec(ctx, db.SQL(`
WITH h AS (SELECT sha256(('dead' || i)::bytea) AS hash FROM generate_series(1, $1::int) AS i), f AS (
    INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, redirect_uri, code_challenge,
        created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at)
    SELECT hash, 'usr_' || encode(substr(hash, 1, 8), 'hex'), 'app', 'ws_acme', 'Somebody', 'videos:read', 0,
        'https://yourapp.com/callback', '', 0, 0, sha256(hash), 0, 0, 0 FROM h
)
INSERT INTO access_tokens (hash, family_id, scope, issued_at, expires_at)
SELECT sha256(hash), hash, 'videos:read', {{now}}, {{now}} + 3600000000 FROM h`), crowd)
	if err != nil {
		t.Fatal(err)
	}
}

func rowsOf(t testing.TB, db *sqldb.DB) (n int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM families) + (SELECT count(*) FROM access_tokens)`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// work refreshes until the concurrent function has returned, and returns the longest of a thousand
// statements.
func (b bench) work(t testing.TB, meanwhile func()) time.Duration {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	took := make([][]time.Duration, busy)
	var working sync.WaitGroup
	for i := range busy {
		held := b.mustRedeem(t, code("app", "ws_acme", 0))
		working.Go(func() {
			for ctx.Err() == nil {
				startedAt := time.Now()
				next, err := b.rotate(context.WithoutCancel(ctx), held.refresh, "app")
				took[i] = append(took[i], time.Since(startedAt))
				if err != nil {
					t.Errorf("refreshing beside housekeeping: %v", err)
					return
				}
				held = next
			}
		})
	}
	meanwhile()
	stop()
	working.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	return all[len(all)*999/1000]
}

// look polls for transactions that wait for a lock of cleanup, and for how long they have waited.
func (w *Waiting) look(ctx context.Context, t testing.TB, db *sqldb.DB) {
	for ctx.Err() == nil {
		var micros int64
		err := db.QueryRow(context.WithoutCancel(ctx), `
SELECT COALESCE(max(extract(epoch FROM clock_timestamp() - l.waitstart) * 1000000), 0)::bigint
FROM pg_locks l WHERE NOT l.granted AND EXISTS (
    SELECT 1 FROM pg_stat_activity h WHERE h.application_name = $1 AND h.pid = ANY (pg_blocking_pids(l.pid)))`, keeper).Scan(&micros)
		if err != nil {
			t.Errorf("looking at the locks: %v", err)
			return
		}
		w.Looks++
		w.Longest = max(w.Longest, time.Duration(micros)*time.Microsecond)
		time.Sleep(time.Millisecond)
	}
}
