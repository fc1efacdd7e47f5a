package sqldb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// attempts is the number of attempts of a transaction that loses against concurrent ones,
	// before its error is returned.
	attempts = 4
	// firstDelay is the longest pause before the second attempt; each further one may be twice as
	// long.
	firstDelay = 10 * time.Millisecond
)

// transaction is a transaction of an engine. rollback after its end does nothing.
type transaction interface {
	exec(ctx context.Context, text string, args []any) (int64, error)
	query(ctx context.Context, text string, args []any) (Rows, error)
	commit(ctx context.Context) error
	rollback()
}

// Tx is a transaction in progress. It must not be used concurrently, and rows must be closed before
// its next statement. Its queries may write (INSERT … RETURNING).
type Tx struct{ tx transaction }

// Exec runs one statement and returns the number of rows it inserted, updated or deleted.
func (t *Tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	return t.tx.exec(ctx, text, args)
}

// Query runs a statement that returns rows.
func (t *Tx) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	return t.tx.query(ctx, text, args)
}

// QueryRow runs a statement that returns at most one row. Errors are returned by Scan.
func (t *Tx) QueryRow(ctx context.Context, text string, args ...any) Row {
	rows, err := t.tx.query(ctx, text, args)
	return row{rows, err}
}

// InTx runs f in a transaction and commits when f returns nil; when f returns an error or panics,
// the transaction is rolled back. f's error is returned as it is. A transaction that lost against a
// concurrent one is retried, up to three times, so f must be repeatable, and must return the errors
// it gets.
//
// f must use its Tx only: on SQLite, writing through the DB within f would deadlock. PostgreSQL
// isolates at its default, READ COMMITTED; SQLite runs one InTx at a time.
func (db *DB) InTx(ctx context.Context, f func(*Tx) error) error {
	return db.retry(ctx, func() error {
		tx, err := db.engine.begin(ctx)
		if err != nil {
			return fmt.Errorf("beginning a transaction: %w", err)
		}
		defer tx.rollback()
		if err := f(&Tx{tx: tx}); err != nil {
			return err
		}
		return Wrap("committing a transaction", tx.commit(ctx))
	})
}

// retry runs f again while it fails by contention. The pauses are random, so that the same two
// transactions do not collide again.
func (db *DB) retry(ctx context.Context, f func() error) error {
	for n := 1; ; n++ {
		err := f()
		if err == nil || n == attempts || !db.engine.contended(err) {
			return err
		}
		pause := time.NewTimer(rand.N(firstDelay << (n - 1))) //nolint:gosec // noise, not a secret
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return translate(ctx.Err(), other)
		}
	}
}
