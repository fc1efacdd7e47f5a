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

// unretried are the migrations that build an index without dropping it first.
var unretried = map[string]string{
	"services/token/internal/store/migrations/postgres/00009_openid.sql": "it was applied before there was the rule; 00017 builds the index anew",
}

func TestARetriedMigrationBuildsItsIndexAnew(t *testing.T) {
	all := texts(t)
	none(t, Unretried(all, unretried))
	if len(Unretried(all, nil)) != len(unretried) {
		t.Error("an exception is not needed any more")
	}
}

func TestPlantedIndexesWithoutARetryAreCaught(t *testing.T) {
	const dir = "services/token/internal/store/migrations/"
	build := func(before string) []byte {
		return []byte("-- +goose NO TRANSACTION\n-- +goose Up\n" + before + "CREATE INDEX CONCURRENTLY old_id ON old (id);\n" +
			"-- +goose Down\nDROP INDEX CONCURRENTLY IF EXISTS old_id;\n")
	}
	planted, err := Texts(fstest.MapFS{
		dir + "postgres/1.sql": {Data: build("DROP INDEX CONCURRENTLY IF EXISTS old_id;\n")},
		dir + "postgres/2.sql": {Data: build("")},
		dir + "postgres/3.sql": {Data: build("DROP INDEX CONCURRENTLY IF EXISTS old_id_too;\n")},
		dir + "postgres/4.sql": {Data: []byte("-- +goose Up\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS old_id ON old (id);\n")},
		dir + "postgres/5.sql": {Data: build("")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, n := range []string{"2", "3", "4"} {
		want = append(want, dir+"postgres/"+n+".sql builds old_id CONCURRENTLY without DROP INDEX CONCURRENTLY IF EXISTS before it")
	}
	if diff := cmp.Diff(want, Unretried(planted, map[string]string{dir + "postgres/5.sql": "an exception"})); diff != "" {
		t.Errorf("breaches (-want +got):\n%s", diff)
	}
}
