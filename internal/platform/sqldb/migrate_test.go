package sqldb_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
)

// TestAMigrationThatWaitsForAReportLetsOthersPass: a change of a table queues behind its readers,
// and every later statement queues behind the change. The migration leaves the queue again and
// again, until the reader has finished.
func TestAMigrationThatWaitsForAReportLetsOthersPass(t *testing.T) {
	url := sqldbtest.Postgres(t)
	db := sqldbtest.Open(t, sqldb.Config{URL: secret.New(url)})
	steps := fstest.MapFS{"migrations/postgres/00001_things.sql": {Data: []byte("-- +goose Up\nCREATE TABLE things (id BIGINT);\n")}}
	if err := sqldb.Migrate(t.Context(), db, steps); err != nil {
		t.Fatal(err)
	}
	steps["migrations/postgres/00002_more.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE things ADD COLUMN name TEXT;\n")}
	migrated := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := read(ctx, tx); err != nil {
			return err
		}
		go func() { migrated <- sqldb.Migrate(ctx, db, steps) }()
		for waiting := false; !waiting; {
			if err := db.QueryRow(ctx, `SELECT count(*) > 0 FROM pg_locks WHERE NOT granted`).Scan(&waiting); err != nil {
				return err
			}
		}
		return read(ctx, db) // beside the report, and behind the migration
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Errorf("the migration, after the report: %v", err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO things (id, name) VALUES (1, 'one')`); err != nil {
		t.Error(err)
	}
}

// read counts the things.
func read(ctx context.Context, from interface {
	QueryRow(ctx context.Context, text string, args ...any) sqldb.Row
},
) error {
	var n int
	return from.QueryRow(ctx, `SELECT count(*) FROM things`).Scan(&n)
}
