package sqldb

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresRows returns its connection, if it holds one, to the pool when it is closed or read to
// its end.
type postgresRows struct {
	rows   pgx.Rows
	conn   *pgxpool.Conn
	cancel context.CancelFunc
}

func (r *postgresRows) Next() bool {
	if r.rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *postgresRows) Scan(dest ...any) error { return postgresError(r.rows.Scan(dest...)) }

func (r *postgresRows) Err() error { return postgresError(r.rows.Err()) }

func (r *postgresRows) Close() {
	r.rows.Close()
	if r.conn != nil {
		r.conn.Release()
		r.conn = nil
	}
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
}

// row is the first row of a result.
type row struct {
	rows Rows
	err  error
}

func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNotFound
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	// An error that the server sends after the row still counts.
	r.rows.Close()
	return r.rows.Err()
}
