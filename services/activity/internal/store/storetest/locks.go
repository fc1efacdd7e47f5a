package storetest

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
	"github.com/vidocu/usher/services/activity/internal/store"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

const (
	// lockTable is how many locks PostgreSQL has room for at least with its usual settings, which are
	// max_locks_per_transaction = 64 and max_connections = 100.
	lockTable = 64 * 100
	// atOnce is how many lists have to fit in it.
	atOnce = 32
)

// keptLongest are the upper bounds of the settings.
func keptLongest() store.Retention {
	return store.Retention{Requests: 720 * time.Hour, Events: 87600 * time.Hour}
}

// Locks counts the locks of each list, and of a restore as docs/operations.md describes it, at the longest
// retention.
func Locks(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, store.Migrations())
	s := store.New(sqldbtest.Open(t, sqldb.Config{URL: secret.New(at)}), keptLongest())
	fillDays(t, s)
	stored := events(t, s, trail.Filter{Limit: 5000})
	for name, list := range lists() {
		locks, statement := sqldbtest.LocksOf(t, at, func(db *sqldb.DB) {
			if err := list(t, store.New(db, keptLongest())); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		if !strings.Contains(statement, "audit_events") && !strings.Contains(statement, "FROM requests") {
			t.Fatalf("%s: the last statement is %s", name, statement)
		}
		t.Logf("%s: %d locks", name, locks)
		if locks*atOnce > lockTable {
			t.Errorf("%s: %d locks, of %d for %d lists", name, locks, lockTable, atOnce)
		}
	}
	restore(t, at)
	reopened := store.New(sqldbtest.Open(t, sqldb.Config{URL: secret.New(at)}), keptLongest())
	if diff := cmp.Diff(stored, events(t, reopened, trail.Filter{Limit: 5000})); diff != "" {
		t.Errorf("the restored events (-want +got):\n%s", diff)
	}
}

// fillDays stores events and requests over the whole retention, as a service stores them that was running
// for so long.
func fillDays(t *testing.T, s *store.Store) {
	t.Helper()
	at, day := now(t, s), 24*time.Hour
	cursor := int64(0)
	for ago := keptLongest().Events; ago >= 0; ago -= day {
		keep(t, s, "authz", cursor, event("authz", cursor+1, at.Add(-ago)))
		cursor++
	}
	for ago := keptLongest().Requests; ago >= 0; ago -= day {
		record(t, s, entry("app", "https://app.example/other", at.Add(-ago)))
	}
	if err := s.CleanUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := len(events(t, s, trail.Filter{Limit: 5000})), int(keptLongest().Events/day)+1; got != want {
		t.Errorf("%d events are kept, want %d", got, want)
	}
}

// lists are the lists of the store, each with one statement or, last, the one that is named.
func lists() map[string]func(t *testing.T, s *store.Store) error {
	list := map[string]func(t *testing.T, s *store.Store) error{}
	for name, f := range map[string]trail.Filter{
		"every event": {}, "a user's": {UserID: "usr_john"}, "a workspace's": {WorkspaceID: "ws_acme"}, "a client's": {ClientID: "app"},
		"an actor's": {ActorID: "usr_actor"}, "a request's": {RequestID: "request"}, "of a kind": {Kinds: []string{"client.updated"}},
		"the kinds with a prefix": {Kinds: []string{"none."}}, "of a user's kinds": {UserID: "usr_john", Kinds: []string{"client.", "token.issued"}},
		"of an hour": {UserID: "usr_john", Start: time.Now().Add(-time.Hour), End: time.Now()},
		"the next":   {UserID: "usr_john", After: trail.Place{At: time.Now().UnixMicro(), Source: "authz", Cursor: 1}},
	} {
		f.Limit = page
		list[name] = func(t *testing.T, s *store.Store) error {
			t.Helper()
			_, err := s.Events(t.Context(), f)
			return err
		}
	}
	client := "app"
	for name, f := range map[string]requestlog.Filter{
		"every request": {}, "a client's requests": {ClientID: client}, "one request": {RequestID: "request"}, "refused ones": {RefusedOnly: true},
		"requests since": {ClientID: client, Since: time.Now().Add(-time.Hour)},
		"the next ones":  {ClientID: client, After: requestlog.Place{LastAt: time.Now().UnixMicro(), Client: &client, Kind: []byte("kind")}},
	} {
		f.Limit = page
		list[name] = func(t *testing.T, s *store.Store) error {
			t.Helper()
			_, err := s.Requests(t.Context(), f)
			return err
		}
	}
	return list
}

// restore dumps the database, and restores it in place.
func restore(t *testing.T, at string) {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	tool := func(name string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), filepath.Join(os.Getenv("USHER_TEST_PG_BIN"), name), args...) //nolint:gosec // tools of the test's server
		var problem bytes.Buffer
		command.Stderr = &problem
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, problem.String())
		}
		return strings.TrimSpace(string(out))
	}
	dump, script := filepath.Join(t.TempDir(), "activity.dump"), filepath.Join(t.TempDir(), "activity.sql")
	tool("pg_dump", "--format=custom", "--no-owner", "--file="+dump, u.String())
	tool("pg_restore", "--no-owner", "--exit-on-error", "--file="+script, dump)
	count := `SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()`
	psql := []string{u.String(), "--quiet", "--no-align", "--tuples-only", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=" + os.DevNull}
	for what, args := range map[string][]string{
		"dropping the schema": {"--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public"},
		"restoring it":        {"--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public", "--file=" + script},
	} {
		out := tool("psql", slices.Concat(psql, args, []string{"--command=\\o", "--command=" + count, "--command=ROLLBACK"})...)
		locks, err := strconv.Atoi(out)
		if err != nil {
			t.Fatalf("%s: %s", what, out)
		}
		t.Logf("%s: %d locks", what, locks)
		if 2*locks > lockTable {
			t.Errorf("%s takes %d locks, of %d", what, locks, lockTable)
		}
	}
	tool("psql", u.String(), "--quiet", "--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public")
	tool("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname="+u.String(), dump)
}

// Merged migrates a trail with a partition for each day.
func Merged(t *testing.T) {
	at := sqldbtest.Migrated(t, sqldb.Postgres, sqldbtest.Until(t, store.Migrations(), "00003"))
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(at)})
	byDay := store.New(db, store.Retention{Requests: 24 * time.Hour, Events: 24 * time.Hour})
	today := now(t, byDay)
	for n := range 60 {
		keep(t, byDay, "authz", int64(n), event("authz", int64(n+1), today.Add(time.Duration(n-60)*24*time.Hour)))
	}
	before := events(t, byDay, trail.Filter{})
	// One that was detached, and one whose detachment was interrupted, as cleanup leaves them.
	for day, state := range map[int64]string{requestlog.Day(today) - 60: "", requestlog.Day(today) - 59: "UPDATE"} {
		text := fmt.Sprintf(`ALTER TABLE audit_events DETACH PARTITION audit_events_day_%d`, day)
		if state != "" {
			text = fmt.Sprintf(`UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'audit_events_day_%d'::regclass`, day)
		}
		if _, err := db.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := sqldb.Migrate(t.Context(), db, store.Migrations()); err != nil {
		t.Fatal(err)
	}
	s := store.New(db, store.Retention{Requests: 24 * time.Hour, Events: 366 * 24 * time.Hour})
	if diff := cmp.Diff(before[:58], events(t, s, trail.Filter{})); diff != "" {
		t.Errorf("the events after the migration (-want +got):\n%s", diff)
	}
	keep(t, s, "authz", 60, event("authz", 61, today), event("authz", 62, today.Add(-500*24*time.Hour)))
	for _, step := range []struct {
		keep store.Retention
		want int
	}{
		{store.Retention{Requests: 24 * time.Hour, Events: 366 * 24 * time.Hour}, 59}, {store.Retention{Requests: 24 * time.Hour, Events: 24 * time.Hour}, 0},
	} {
		s := store.New(db, step.keep)
		if err := s.CleanUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(events(t, s, trail.Filter{})); got < step.want || step.want == 0 && got > 23 {
			t.Errorf("%d events are left of %d days, want %d", got, step.keep.Events/(24*time.Hour), step.want)
		}
	}
	var left int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM pg_class WHERE relname ~ '^audit_events_day_'`).Scan(&left); err != nil || left > 3 {
		t.Errorf("%d partitions of a day are left, %v", left, err)
	}
}
