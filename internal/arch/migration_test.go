package arch

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestNoMigrationLocksATableForItsIndex(t *testing.T) { none(t, Blocking(texts(t))) }

func TestPlantedIndexesAreCaught(t *testing.T) {
	const dir = "services/token/internal/store/migrations/"
	planted, err := Texts(fstest.MapFS{
		dir + "postgres/1.sql": {Data: []byte("CREATE TABLE keys (id TEXT);\nCREATE UNIQUE INDEX keys_id ON keys (id);\nCREATE INDEX old_id ON old (id);\n")},
		dir + "postgres/2.sql": {Data: []byte("-- +goose NO TRANSACTION\nCREATE INDEX CONCURRENTLY old_id ON old (id);\n")},
		dir + "postgres/3.sql": {Data: []byte("CREATE INDEX CONCURRENTLY old_id ON old (id);\n")},
		dir + "sqlite/1.sql":   {Data: []byte("CREATE INDEX old_id ON old (id);\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		dir + "postgres/1.sql builds an index of old without CONCURRENTLY",
		dir + "postgres/3.sql builds an index CONCURRENTLY in a transaction: add -- +goose NO TRANSACTION",
	}
	if diff := cmp.Diff(want, Blocking(planted)); diff != "" {
		t.Errorf("breaches (-want +got):\n%s", diff)
	}
}
