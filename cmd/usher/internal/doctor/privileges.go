package doctor

import (
	"context"
	"strconv"
	"strings"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// unprivileged lists what the owner of the schema created and the role of the connection may not use. The
// tables of the migrations themselves are only read, and their sequence is not used.
const unprivileged = `
SELECT c.relname
FROM pg_class c JOIN pg_class v ON v.oid = to_regclass('goose_db_version') AND c.relnamespace = v.relnamespace AND c.relowner = v.relowner
WHERE CASE
    WHEN c.relname IN ('goose_db_version', 'schema_checksums') THEN NOT has_table_privilege(c.oid, 'SELECT')
    WHEN c.relname = 'goose_db_version_id_seq' THEN false
    WHEN c.relkind IN ('r', 'p') THEN NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
    WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE')
    ELSE false END
ORDER BY 1`

// named is how many of them a finding names.
const named = 5

// privileges checks that the role may read and write what the migrations created: another role owns it
// where the two are separate, and new objects need its default privileges.
func privileges(ctx context.Context, check string, db *sqldb.DB) Finding {
	const fix = "grant them to the role, and new ones by default: docs/kubernetes.md has the statements"
	names, err := sqldb.List(ctx, db, sqldb.Read("reading privileges", unprivileged), func(row sqldb.Row, name *string) error { return row.Scan(name) })
	if err != nil {
		return Finding{check, Wrong, err.Error(), "see why the database does not respond"}
	}
	if len(names) == 0 {
		return Finding{Check: check, State: OK, Text: "the role may read and write every table"}
	}
	text := "the role lacks privileges on " + strings.Join(names[:min(named, len(names))], ", ")
	if more := len(names) - named; more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return Finding{check, Wrong, text, fix}
}
