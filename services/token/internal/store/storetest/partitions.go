package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/store"
)

// eachPostgres is for what SQLite has none of.
func eachPostgres(t *testing.T, test func(t *testing.T, reopen func(time.Duration) *sqldb.DB)) {
	t.Helper()
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		if reopen(0).Engine() == sqldb.Postgres {
			test(t, reopen)
		}
	})
}

// holdOpen keeps a read transaction on every partition of a table open, as a dump or a report does,
// until the returned function is called.
func holdOpen(t *testing.T, db *sqldb.DB, table string) (finish func()) {
	t.Helper()
	reading, finished, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	ctx := context.WithoutCancel(t.Context())
	go func() {
		done <- db.InTx(ctx, func(tx *sqldb.Tx) error {
			var n int
			err := tx.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n)
			close(reading)
			<-finished
			return err
		})
	}()
	<-reading
	return func() {
		close(finished)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// notDelayed reads and writes a table again and again while work runs, and fails when it has to
// wait for a lock at all.
func notDelayed(t *testing.T, db *sqldb.DB, table string, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	for n := 0; ; n++ {
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(t.Context(), `SET LOCAL lock_timeout = 1`); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `UPDATE `+table+` SET family_id = family_id WHERE hash = $1`, []byte{byte(n)})
			return err
		})
		if err != nil {
			t.Errorf("somebody waited for housekeeping: %v", err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// leftOf counts a table's partitions that no row of now or later can lie in, detached ones too.
func leftOf(t *testing.T, db *sqldb.DB, table string) (n int) {
	t.Helper()
	err := db.QueryRow(t.Context(), db.SQL(`
SELECT count(*) FROM pg_class WHERE relkind = 'r' AND starts_with(relname::text, $1 || '_until_')
    AND split_part(relname::text, '_until_', 2)::bigint + 60000000 < {{now}}`), table).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func longReader(t *testing.T) {
	eachPostgres(t, func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		b := open(t, reopen(0))
		b.mustRedeem(t, code("app", "ws_acme", 0))
		finish := holdOpen(t, reopen(0), "access_tokens")
		late := reopen(20 * time.Hour)
		later := store.New(late, noReplicas{})
		notDelayed(t, late, "access_tokens", func() {
			// A partition cannot be dropped during a long read: cleanup returns an error and
			// retries.
			if err := cleanUp(t, later, store.Retention{}); !errors.Is(err, sqldb.ErrUnavailable) {
				t.Errorf("housekeeping beside a report: %v", err)
			}
		})
		if err := store.New(reopen(40*time.Hour), noReplicas{}).MakeRoom(t.Context(), lifetimes()); err != nil {
			t.Errorf("making room waits for a reader: %v", err)
		}
		young := open(t, late)
		if i := young.mustRedeem(t, code("app", "ws_acme", 0)); !young.live(t, i.access) {
			t.Error("what lives is not found while a dead partition waits to go")
		}
		finish()
		notDelayed(t, late, "access_tokens", func() {
			if err := cleanUp(t, later, store.Retention{}); err != nil {
				t.Errorf("housekeeping after the reader: %v", err)
			}
		})
		if n := leftOf(t, late, "access_tokens"); n != 0 {
			t.Errorf("%d dead partitions are left", n)
		}
	})
}

func leftBehind(t *testing.T) {
	eachPostgres(t, func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		open(t, reopen(0))
		late := reopen(90 * 24 * time.Hour)
		if leftOf(t, late, "spent_refresh_tokens") < 2 {
			t.Fatal("there is nothing to leave behind")
		}
		// Between the two steps, and within the first.
		for _, how := range []string{"", "CONCURRENTLY"} {
			var name string
			err := late.QueryRow(t.Context(), `
SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'spent_refresh_tokens'::regclass`).Scan(&name)
			if err != nil {
				t.Fatal(err)
			}
			finish := func() {}
			if how != "" {
				finish = holdOpen(t, reopen(0), "spent_refresh_tokens")
			}
			err = late.ExecOutsideTx(t.Context(), 10*time.Millisecond, fmt.Sprintf(`ALTER TABLE spent_refresh_tokens DETACH PARTITION %s %s`, name, how))
			finish()
			if (err != nil) != (how != "") {
				t.Fatalf("detaching %s: %v", how, err)
			}
		}
		if err := cleanUp(t, store.New(late, noReplicas{}), store.Retention{}); err != nil {
			t.Error(err)
		}
		if n := leftOf(t, late, "spent_refresh_tokens"); n != 0 {
			t.Errorf("%d dead partitions are left", n)
		}
	})
}

// copies checks that cleanup does not drop an operator's table whose name has the prefix of a
// partition.
func copies(t *testing.T) {
	eachPostgres(t, func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		open(t, reopen(0))
		late := reopen(90 * 24 * time.Hour)
		const name = "user_tokens_until_1000000_audit"
		if _, err := late.Exec(t.Context(), `CREATE TABLE `+name+` (hash BYTEA)`); err != nil {
			t.Fatal(err)
		}
		if err := cleanUp(t, store.New(late, noReplicas{}), store.Retention{}); err != nil {
			t.Fatal(err)
		}
		var there bool
		if err := late.QueryRow(t.Context(), `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&there); err != nil || !there {
			t.Errorf("an operator's copy has gone (%v)", err)
		}
		if n := leftOf(t, late, "access_tokens"); n != 0 {
			t.Errorf("%d dead partitions are left", n)
		}
	})
}

func revokedKeys(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		b := open(t, reopen(0))
		for _, id := range []string{"key_dead", "key_live"} {
			key := apikey.New{ID: id, Hash: token(), WorkspaceID: "ws_acme", Name: id, LastFour: "abcd"}
			if _, err := b.CreateKey(t.Context(), key, 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.RevokeKey(t.Context(), "", "key_dead"); err != nil {
			t.Fatal(err)
		}
		for _, turn := range []struct {
			kept time.Duration
			want int
		}{{0, 2}, {48 * time.Hour, 2}, {24 * time.Hour, 1}} {
			later := open(t, reopen(25*time.Hour))
			if err := cleanUp(t, later, store.Retention{RevokedKeys: turn.kept}); err != nil {
				t.Fatal(err)
			}
			keys, err := later.ListKeys(t.Context(), "ws_acme", apikey.Key{}, 100)
			if err != nil || len(keys) != turn.want {
				t.Errorf("kept for %s, %d keys are listed (%v), want %d", turn.kept, len(keys), err, turn.want)
			}
		}
	})
}

// before is how release 0.1.0 created partitions of spent refresh tokens: by the name of a
// partition's end.
const before = 72 * time.Hour

// otherWidths checks that each release uses the partitions that the other has created.
func otherWidths(t *testing.T) {
	eachPostgres(t, func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		db := reopen(0)
		from := time.UnixMicro(time.Now().UnixMicro() / before.Microseconds() * before.Microseconds())
		for n := range 3 {
			begin, end := from.Add(time.Duration(n)*before).UnixMicro(), from.Add(time.Duration(n+1)*before).UnixMicro()
			text := fmt.Sprintf(`CREATE TABLE spent_refresh_tokens_until_%d PARTITION OF spent_refresh_tokens FOR VALUES FROM (%d) TO (%d)`, end, begin, end)
			if _, err := db.Exec(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		b := open(t, db)
		b.mustRotate(t, b.mustRedeem(t, code("app", "ws_acme", 0)).refresh)
		for end := from.Add(before); end.Before(from.Add(33 * 24 * time.Hour)); end = end.Add(before) {
			var there bool
			err := db.QueryRow(t.Context(), `SELECT to_regclass('spent_refresh_tokens_until_' || $1::bigint) IS NOT NULL`, end.UnixMicro()).Scan(&there)
			if err != nil || !there {
				t.Errorf("the release before would not find a partition up to %s (%v)", end, err)
			}
		}
	})
}
