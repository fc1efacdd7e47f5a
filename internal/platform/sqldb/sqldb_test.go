package sqldb_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
)

const schema = `-- +goose Up
CREATE TABLE things (
    hash  %s PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,
    note  TEXT,
    flag  BOOLEAN NOT NULL DEFAULT FALSE,
    count BIGINT NOT NULL DEFAULT 0
);
`

// migrations is a schema of one table, for tests that need any.
func migrations() fstest.MapFS {
	return fstest.MapFS{
		"migrations/postgres/00001_things.sql": {Data: []byte(fmt.Sprintf(schema, "BYTEA"))},
		"migrations/sqlite/00001_things.sql":   {Data: []byte(fmt.Sprintf(schema, "BLOB"))},
	}
}

func each(t *testing.T, f func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	sqldbtest.Each(t, migrations(), f)
}

func TestValuesComeBackAsTheyWereStored(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		hash := []byte{0, 1, 0xff}
		n, err := db.Exec(t.Context(), `INSERT INTO things (name, count, hash, flag) VALUES ($2, $3, $1, $4)`, hash, "a", int64(1)<<60, true)
		if err != nil || n != 1 {
			t.Fatal(n, err)
		}
		type number int64
		var got struct {
			Hash  []byte
			Name  string
			Note  *string
			Flag  bool
			Count number
		}
		err = db.QueryRow(t.Context(), `SELECT hash, name, note, flag, count FROM things WHERE name = $1`, "a").
			Scan(&got.Hash, &got.Name, &got.Note, &got.Flag, &got.Count)
		if err != nil {
			t.Fatal(err)
		}
		want := got
		want.Hash, want.Name, want.Note, want.Flag, want.Count = hash, "a", nil, true, 1<<60
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
