package sqldb_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/test/harness"
)

// throughPooler opens a fresh database through PgBouncer.
func throughPooler(t *testing.T, mode string) *sqldb.DB {
	t.Helper()
	pooler, err := harness.StartPgBouncer(t.TempDir(), mode, sqldbtest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pooler.Close() })
	return sqldbtest.Open(t, sqldb.Config{URL: secret.New(pooler.URL)})
}

// TestFault_C5_APoolerThatGivesSessionsWorks: migrations failed on a startup parameter.
func TestFault_C5_APoolerThatGivesSessionsWorks(t *testing.T) {
	db := throughPooler(t, "session")
	if err := sqldb.Migrate(t.Context(), db, migrations()); err != nil {
		t.Fatal(err)
	}
	if err := db.CheckSessions(t.Context()); err != nil {
		t.Error(err)
	}
	if pending, err := sqldb.NeedsMigration(t.Context(), db, migrations()); err != nil || pending {
		t.Errorf("pending: %v, %v", pending, err)
	}
	lock := db.LeaderLock("work")
	defer lock.Close()
	if leads, err := lock.Do(t.Context(), func(context.Context) error { return nil }); err != nil || !leads {
		t.Errorf("it is the leader: %v, %v", leads, err)
	}
}

// TestFault_C13_APoolerThatSharesSessionsIsNamed with what to change.
func TestFault_C13_APoolerThatSharesSessionsIsNamed(t *testing.T) {
	db := throughPooler(t, "transaction")
	for what, err := range map[string]error{"migrating": sqldb.Migrate(t.Context(), db, migrations()), "checking": db.CheckSessions(t.Context())} {
		if !errors.Is(err, sqldb.ErrSharedSessions) || !strings.Contains(err.Error(), "pool_mode = session") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
