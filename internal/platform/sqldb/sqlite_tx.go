package sqldb

import (
	"context"
	"database/sql"
)

// sqliteTx is a transaction on the writer.
type sqliteTx struct {
	tx   *sql.Tx
	conn *sql.Conn
}

func (t *sqliteTx) exec(ctx context.Context, text string, args []any) (int64, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return sqliteExec(ctx, t.tx, text, args)
}

func (t *sqliteTx) query(ctx context.Context, text string, args []any) (Rows, error) {
	ctx, cancel := bounded(ctx)
	rows, err := t.tx.QueryContext(ctx, text, args...) //nolint:rowserrcheck // the caller reads the rows and their Err
	if err != nil {
		cancel()
		return nil, sqliteError(err)
	}
	return &sqliteRows{rows: rows, done: cancel}, nil
}

func (t *sqliteTx) commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return translate(err, other)
	}
	return sqliteError(t.tx.Commit())
}

// rollback also returns the writer to the pool, so it is called however the transaction ended.
func (t *sqliteTx) rollback() {
	_ = t.tx.Rollback() // nothing to undo after a commit, and nothing to report after an error
	_ = t.conn.Close()  // returns to the pool, or is broken already
}

// execer is a connection or a transaction.
type execer interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
}

func sqliteExec(ctx context.Context, e execer, text string, args []any) (int64, error) {
	result, err := e.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, sqliteError(err)
	}
	n, err := result.RowsAffected()
	return n, sqliteError(err)
}

// sqliteRows releases its connection when it is closed or read to its end.
type sqliteRows struct {
	rows   *sql.Rows
	done   func()
	closed bool
	// ended is the error that reading ended with. It is read before done is called: database/sql
	// could mistake done's cancel for the caller's.
	ended error
}

func (r *sqliteRows) Next() bool {
	if r.rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *sqliteRows) Scan(dest ...any) error { return sqliteError(r.rows.Scan(dest...)) }

func (r *sqliteRows) Err() error {
	if r.closed {
		return sqliteError(r.ended)
	}
	return sqliteError(r.rows.Err())
}

func (r *sqliteRows) Close() {
	if r.closed {
		return
	}
	_ = r.rows.Close() // returns to the pool, or is broken already
	r.closed, r.ended = true, r.rows.Err()
	if r.done != nil {
		r.done()
	}
}
