package sqldbtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// LocksOf returns how many locks the last statement of work takes in a PostgreSQL database, and the
// statement. It runs the statement again, in a transaction and without the values of its parameters: the
// plan of a statement that was sent before does not depend on them.
func LocksOf(t testing.TB, database string, work func(db *sqldb.DB)) (locks int64, statement string) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: secret.New(Named(t, database, counted)), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	work(db)
	watcher := Open(t, sqldb.Config{URL: secret.New(database), MaxConns: 1})
	err = watcher.QueryRow(t.Context(), `
SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1`, counted).Scan(&statement)
	if err != nil {
		t.Fatal(err)
	}
	err = watcher.InTx(t.Context(), func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(t.Context(), "PREPARE again AS "+statement); err != nil {
			return err
		}
		defer func() { _, _ = tx.Exec(t.Context(), `DEALLOCATE again`) }()
		var parameters int
		err := tx.QueryRow(t.Context(), `SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'again'`).Scan(&parameters)
		if err != nil {
			return err
		}
		values := ""
		if parameters > 0 {
			values = "(" + strings.TrimSuffix(strings.Repeat("NULL, ", parameters), ", ") + ")"
		}
		if _, err := tx.Exec(t.Context(), "EXECUTE again"+values); err != nil {
			return err
		}
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()`).Scan(&locks)
	})
	if err != nil {
		t.Fatal(fmt.Errorf("counting the locks of %s: %w", statement, err))
	}
	return locks, statement
}
