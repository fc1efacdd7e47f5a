package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Statement is one step of a pipeline.
type Statement struct {
	text     string
	args     []any
	dest     []any
	found    bool
	affected int64
}

// Stmt prepares a step. The text is expanded already (see DB.SQL).
func Stmt(text string, args ...any) *Statement { return &Statement{text: text, args: args} }

// Scan says where the first row of the step's answer goes. No row is no error: ask Found.
func (s *Statement) Scan(dest ...any) *Statement {
	s.dest = dest
	return s
}

// Found reports, after the pipeline, whether a step with Scan had a row.
func (s *Statement) Found() bool { return s.found }

// RowsAffected reports, after the pipeline, how many rows a step without Scan touched.
func (s *Statement) RowsAffected() int64 { return s.affected }

// Pipeline runs the statements in order in one transaction, on PostgreSQL in one round trip. An error leaves nothing
// behind. A transaction that lost against another is run again a few times.
func (db *DB) Pipeline(ctx context.Context, statements ...*Statement) error {
	return again(ctx, func(ctx context.Context) error {
		for _, s := range statements {
			s.found, s.affected = false, 0
		}
		if db.engine == Postgres {
			return classify(ctx, db.pipelinePostgres(ctx, statements))
		}
		return classify(ctx, db.pipelineSQLite(ctx, statements))
	})
}

// Tx is a transaction.
type Tx struct {
	pg   pgx.Tx
	lite *sql.Tx
}

// InTx runs work in a transaction and commits it. An error of work's rolls back and is answered as it is. Work may run
// more than once: when the transaction lost against another, it is begun again.
func (db *DB) InTx(ctx context.Context, work func(*Tx) error) error {
	return again(ctx, func(ctx context.Context) error {
		if db.engine == Postgres {
			return db.inPostgresTx(ctx, work)
		}
		return db.inSQLiteTx(ctx, work)
	})
}

func (db *DB) inPostgresTx(ctx context.Context, work func(*Tx) error) error {
	tx, err := db.pool.Begin(ctx)
	if err != nil {
		return classify(ctx, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // does nothing after the commit
	if err := work(&Tx{pg: tx}); err != nil {
		return err
	}
	return classify(ctx, tx.Commit(ctx))
}

func (db *DB) inSQLiteTx(ctx context.Context, work func(*Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return classify(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after the commit
	if err := work(&Tx{lite: tx}); err != nil {
		return err
	}
	return classify(ctx, tx.Commit())
}

// Exec runs a statement and answers how many rows it touched.
func (tx *Tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if tx.pg != nil {
		tag, err := tx.pg.Exec(ctx, text, args...)
		return tag.RowsAffected(), classify(ctx, err)
	}
	res, err := tx.lite.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, classify(ctx, err)
	}
	return res.RowsAffected()
}

// Query reads rows.
func (tx *Tx) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	if tx.pg != nil {
		rows, err := tx.pg.Query(ctx, text, args...)
		if err != nil {
			return nil, classify(ctx, err)
		}
		return &pgRows{Rows: rows, ctx: ctx}, nil
	}
	rows, err := tx.lite.QueryContext(ctx, text, args...) //nolint:rowserrcheck,sqlclosecheck // the caller does both
	if err != nil {
		return nil, classify(ctx, err)
	}
	return &liteRows{rows: rows, ctx: ctx}, nil
}

// QueryRow reads one row.
func (tx *Tx) QueryRow(ctx context.Context, text string, args ...any) Row {
	if tx.pg != nil {
		return pgTxRow{row: tx.pg.QueryRow(ctx, text, args...), ctx: ctx}
	}
	return liteRow{row: tx.lite.QueryRowContext(ctx, text, args...), ctx: ctx}
}

// attempts is how often a transaction that lost is begun anew before the database counts as unavailable.
const attempts = 8

// again runs a transaction until it did not lose against another.
func again(ctx context.Context, attempt func(context.Context) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	for n := 1; ; n++ {
		err := attempt(ctx)
		if !errors.Is(err, errRetry) {
			return err
		}
		if n == attempts {
			return fmt.Errorf("%w: lost %d times: %w", ErrUnavailable, n, err)
		}
		// Growing, random: so that those who met do not meet again.
		pause := time.Duration(rand.IntN(1<<n)) * time.Millisecond //nolint:gosec // a pause, not a secret
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		case <-time.After(pause):
		}
	}
}
