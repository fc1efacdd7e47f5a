package sqldb

import "context"

// Statement is one statement of a pipeline and its result. It is used once.
type Statement struct {
	text     string
	args     []any
	dest     []any
	found    bool
	affected int64
}

// Stmt prepares a statement for Pipeline.
func Stmt(text string, args ...any) *Statement { return &Statement{text: text, args: args} }

// Scan sets the destinations of the first row of the result and returns s. A missing row is not an
// error: check Found. The destinations must have the types of the columns: a mismatch is detected
// after PostgreSQL has committed.
func (s *Statement) Scan(dest ...any) *Statement {
	s.dest = dest
	return s
}

// Found reports whether a statement with destinations returned a row.
func (s *Statement) Found() bool { return s.found }

// RowsAffected returns the number of rows that the statement inserted, updated, deleted or, with
// destinations, returned.
func (s *Statement) RowsAffected() int64 { return s.affected }

// read reads the statement's result from rows, without closing them.
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

// Run runs the statements in order, each with a round trip of its own.
func (t *Tx) Run(ctx context.Context, statements ...*Statement) error {
	for _, s := range statements {
		if err := s.run(ctx, t.tx); err != nil {
			return err
		}
	}
	return nil
}

// run runs the statement and waits for its result.
func (s *Statement) run(ctx context.Context, tx transaction) (err error) {
	if len(s.dest) == 0 {
		s.affected, err = tx.exec(ctx, s.text, s.args)
		return err
	}
	rows, err := tx.query(ctx, s.text, s.args)
	if err != nil {
		return err
	}
	defer rows.Close()
	return s.read(rows)
}

// Pipeline runs the statements in order in one transaction: all of them take effect, or none. No
// statement can use another's result, except through the database; on PostgreSQL that makes the
// whole transaction one round trip. A pipeline that lost against a concurrent transaction is
// retried, up to three times.
func (db *DB) Pipeline(ctx context.Context, statements ...*Statement) error {
	if len(statements) == 0 {
		return nil
	}
	return db.retry(ctx, func() error { return db.engine.pipeline(ctx, statements) })
}
