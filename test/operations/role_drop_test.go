package operations

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestADatabaseRoleIsReplacedByTheStatementsOfThePage: the old one owns what the service uses, and may use
// what another role owns.
func TestADatabaseRoleIsReplacedByTheStatementsOfThePage(t *testing.T) {
	t.Parallel() // it has its own server
	servers, err := harness.StartOwnServers(t.Context(), t.TempDir())
	expect.NoError(t, err)
	defer func() { expect.NoError(t, servers.Close()) }()
	run := func(statements ...string) error { return servers.SQL(t.Context(), "token", statements...) }
	const drop = "DROP ROLE old"
	expect.NoError(t, run(
		"CREATE ROLE old LOGIN", "CREATE TABLE owned ()", "ALTER TABLE owned OWNER TO old", "ALTER SCHEMA public OWNER TO old",
		"CREATE TABLE lent ()", "GRANT SELECT ON lent TO old", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO old",
		"CREATE ROLE new LOGIN",
	))
	if run(drop) == nil {
		t.Error("a role that owns a table is dropped at once")
	}
	page := strings.Join(strings.Fields(expect.File(t, "docs", "operations.md")), " ")
	statement := func(text string) string {
		if !strings.Contains(page, "`"+text+"`") {
			t.Errorf("docs/operations.md does not say %q", text)
		}
		return text
	}
	expect.NoError(t, run(statement("GRANT old TO new")))
	mayUse := func(tables ...string) error {
		var checks []string
		for _, table := range tables {
			checks = append(checks, "DO $$ BEGIN ASSERT has_table_privilege('new', '"+table+"', 'SELECT'); END $$")
		}
		return run(checks...)
	}
	expect.NoError(t, mayUse("owned", "lent"))
	expect.NoError(t, run("GRANT SELECT ON lent TO new", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO new")) // the old one's grants
	expect.NoError(t, run(statement("REASSIGN OWNED BY old TO new"), statement("DROP OWNED BY old"), statement(drop), "CREATE TABLE later ()"))
	expect.NoError(t, mayUse("owned", "lent", "later"))
}
