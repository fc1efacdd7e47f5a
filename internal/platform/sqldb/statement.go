package sqldb

import "context"

// Statement is one statement of a pipeline and what came of it. It is used once.
type Statement struct {
	text     string
	args     []any
	dest     []any
	found    bool
	affected int64
}

// Stmt prepares a statement for Pipeline.
func Stmt(text string, args ...any) *Statement { return &Statement{text: text, args: args} }

// Scan names where the first row of the result goes and returns s. That there is none is not an error: Found tells. The
// destinations must fit: PostgreSQL has committed by the time a misfit is seen.
func (s *Statement) Scan(dest ...any) *Statement {
	s.dest = dest
	return s
}

// Found reports whether a statement with destinations returned a row.
func (s *Statement) Found() bool { return s.found }

// RowsAffected is how many rows the statement inserted, updated, deleted or, with destinations, returned.
func (s *Statement) RowsAffected() int64 { return s.affected }

// read takes the statement's result from rows, which it leaves open.
func (s *Statement) read(rows Rows) error {
	s.found, s.affected = false, 0
	for rows.Next() {
		if !s.found {
			if err := rows.Scan(s.dest...); err != nil {
				return err
			}
		}
		s.found = true
		s.affected++
	}
	return rows.Err()
}

// Pipeline runs the statements in order in one transaction: all of them happen, or none. No statement can use another's
// result, except through the database; on PostgreSQL that makes the whole transaction one round trip. A pipeline that
// lost against another transaction is run again, up to three times.
func (db *DB) Pipeline(ctx context.Context, statements ...*Statement) error {
	if len(statements) == 0 {
		return nil
	}
	return db.retry(ctx, func() error { return db.engine.pipeline(ctx, statements) })
}
