package sqldb_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/test/harness"
)

// hang is a timeout that only a test that hangs reaches.
const hang = 2 * time.Minute

// pairOf starts a primary and a standby, and opens the primary's database by a URL that names both.
func pairOf(t *testing.T) (*harness.PostgresPair, *sqldb.DB) {
	t.Helper()
	pair, err := harness.StartPostgresPair(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pair.Close(); err != nil {
			t.Error(err)
		}
	})
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(pair.URL("postgres"))})
	if _, err := db.Exec(t.Context(), `CREATE TABLE notes (id BIGINT PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	return pair, db
}

// eventually retries ask until it returns no error, and returns the errors before.
func eventually(t *testing.T, what string, ask func() error) (before []error) {
	t.Helper()
	for end := time.Now().Add(hang); ; {
		err := ask()
		if err == nil {
			return before
		}
		before = append(before, err)
		if time.Now().After(end) {
			t.Fatalf("%s: still %v", what, err)
		}
	}
}

// TestFault_C4_AFailoverHealsWithoutARestart also when the old primary lives on as a standby at the
// first address of the URL. No statement is ever run by a standby, whose data may be old.
func TestFault_C4_AFailoverHealsWithoutARestart(t *testing.T) {
	pair, db := pairOf(t)
	for id := range int64(3) {
		if err := pair.Failover(t.Context()); err != nil {
			t.Fatal(err)
		}
		var port string
		var standby bool
		before := eventually(t, "writing after a failover", func() error {
			if err := db.QueryRow(t.Context(), `SELECT inet_server_port()::text, pg_is_in_recovery()`).Scan(&port, &standby); err != nil {
				return err
			}
			if standby {
				t.Fatal("a standby ran a statement")
			}
			_, err := db.Exec(t.Context(), `INSERT INTO notes (id) VALUES ($1)`, id)
			return err
		})
		if port != pair.Primary.Port() {
			t.Errorf("the statement went to %s, and the primary is at %s", port, pair.Primary.Port())
		}
		for _, err := range before {
			if !errors.Is(err, sqldb.ErrUnavailable) {
				t.Errorf("meanwhile a caller got %v", err)
			}
		}
		if err := db.Ping(t.Context()); err != nil {
			t.Errorf("ready it is not: %v", err)
		}
	}
}

// TestFault_C4_AServerThatCannotWriteIsUnavailable and readiness reports it, until it can write
// again: its connections are closed.
func TestFault_C4_AServerThatCannotWriteIsUnavailable(t *testing.T) {
	pair, db := pairOf(t)
	var held []sqldb.Rows
	for range 3 { // so that there are connections from before
		rows, err := db.Query(t.Context(), `SELECT 1`)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, rows)
	}
	for _, rows := range held {
		rows.Close()
	}
	if err := pair.ReadOnly(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	eventually(t, "noticing that nothing can be written", func() error { // a session sees the reload with its next statement
		if _, err := sqldb.NeedsMigration(t.Context(), db, migrations()); errors.Is(err, sqldb.ErrUnavailable) && strings.Contains(err.Error(), "read-only") {
			return nil
		}
		return errors.New("it is ready and cannot write")
	})
	var n int
	if _, err := db.Exec(t.Context(), `INSERT INTO notes (id) VALUES (1)`); !errors.Is(err, sqldb.ErrUnavailable) {
		t.Errorf("a write returns %v", err)
	}
	if err := db.QueryRow(t.Context(), `SELECT 1`).Scan(&n); !errors.Is(err, sqldb.ErrUnavailable) {
		t.Errorf("a read returns %v: the server may be a standby that is behind", err)
	}
	if err := pair.ReadOnly(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	eventually(t, "writing again", func() error {
		_, err := db.Exec(t.Context(), `INSERT INTO notes (id) VALUES (1)`)
		return err
	})
}

// TestFault_C4_AURLThatAsksForAStandbyIsRefused: every statement of ours needs a server that can
// write.
func TestFault_C4_AURLThatAsksForAStandbyIsRefused(t *testing.T) {
	for attrs, accepted := range map[string]bool{
		"any": true, "read-write": true, "primary": true, "standby": false, "read-only": false, "prefer-standby": false,
	} {
		db, err := sqldb.Open(t.Context(), sqldb.Config{URL: secret.New("postgres://db.test/usher?target_session_attrs=" + attrs)})
		if accepted != (err == nil) || err != nil && !strings.Contains(err.Error(), "target_session_attrs") {
			t.Errorf("target_session_attrs=%s: %v", attrs, err)
		}
		if err == nil {
			_ = db.Close() // nothing was connected
		}
	}
}
