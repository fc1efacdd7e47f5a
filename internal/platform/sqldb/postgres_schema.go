package sqldb

import (
	"context"
	"errors"
	"fmt"
)

// ErrSchemaPrivilege means that the role of the connection may not use the schema, so that its
// tables look missing: as after DROP SCHEMA and CREATE SCHEMA, which leave no privileges for others
// than the new owner.
var ErrSchemaPrivilege = errors.New("the role lacks USAGE on the schema")

// unusableSchema returns the first schema of the search path that holds migrations, or that would
// if the path has no other schema, and that the role may not use. PostgreSQL ignores such schemas.
const unusableSchema = `
SELECT n.nspname, current_user
FROM unnest(string_to_array(current_setting('search_path'), ',')) AS part, pg_namespace n
WHERE n.nspname = CASE trim(part, ' "') WHEN '$user' THEN current_user ELSE trim(part, ' "') END
  AND NOT has_schema_privilege(n.oid, 'USAGE')
  AND (current_schema() IS NULL OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'goose_db_version'))
LIMIT 1`

// checkSchema returns ErrSchemaPrivilege, with the statement that the schema's owner must run, where
// the role may not use the schema that it needs.
func (db *DB) checkSchema(ctx context.Context) error {
	if db.kind != Postgres {
		return nil
	}
	var schema, role string
	err := db.QueryRow(ctx, unusableSchema).Scan(&schema, &role)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the privileges on the schema: %w", err)
	}
	return fmt.Errorf("%w %s: as its owner, GRANT USAGE ON SCHEMA %s TO %s", ErrSchemaPrivilege, schema, schema, role)
}
