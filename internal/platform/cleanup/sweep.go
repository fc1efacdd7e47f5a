package cleanup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

const (
	// slice is the number of rows that one statement reads, so that it holds its locks briefly.
	slice = 1000
	// budget is the time limit of one run of a sweep; the next run continues where it stopped.
	budget = 20 * time.Second
)

// Table describes the table of a sweep. Its fields are concatenated into SQL: they must be
// constants.
type Table struct {
	Name string
	// Key is the primary key, its columns separated by commas. By is its first column, the order of
	// the sweep.
	Key, By string
	// Dead is the SQL condition of a row to delete, with the placeholders of sqldb.DB.SQL. Its
	// parameters are $3 and up.
	Dead string
}

// Sweep walks a table along its primary key and deletes the dead rows. It needs no index on the
// columns of Table.Dead, which requests update often. It must not be used concurrently.
type Sweep[K string | []byte] struct {
	db                *sqldb.DB
	name              string
	last, some, erase string
	// at is the last key that the previous slice reached.
	at K
}

// NewSweep prepares a sweep; K is the type of the key's first column.
func NewSweep[K string | []byte](db *sqldb.DB, t Table) *Sweep[K] {
	erase := func(part string) string {
		return db.SQL(`DELETE FROM ` + t.Name + ` WHERE (` + t.Key + `) IN (
    SELECT ` + t.Key + ` FROM ` + t.Name + ` WHERE ` + part + ` AND (` + t.Dead + `) {{skip locked}})`)
	}
	return &Sweep[K]{
		db: db, name: t.Name, at: K(""),
		last: `SELECT ` + t.By + ` FROM ` + t.Name + ` WHERE ` + t.By + ` > $1 ORDER BY ` + t.By + ` LIMIT 1 OFFSET $2`,
		// SKIP LOCKED: cleanup never waits for a row while it holds others, so it cannot deadlock
		// with a rotation. Skipped rows are left to the next run.
		some: erase(t.By + ` > $1 AND ` + t.By + ` <= $2`),
		// $2 is used only so that the parameters of Table.Dead keep their numbers.
		erase: erase(t.By + ` > $1 AND ` + t.By + ` >= $2`),
	}
}

// Run sweeps to the end of the table, for twenty seconds at most. args are the parameters of
// Table.Dead.
func (s *Sweep[K]) Run(ctx context.Context, args ...any) error {
	for until := time.Now().Add(budget); time.Now().Before(until); {
		end, err := s.slice(ctx, args)
		if err != nil {
			return fmt.Errorf("sweeping %s: %w", s.name, err)
		}
		if end {
			return nil
		}
	}
	return nil
}

// slice deletes the dead rows among the next ones, and reports whether the table ends there.
func (s *Sweep[K]) slice(ctx context.Context, args []any) (end bool, err error) {
	var to K
	err = s.db.QueryRow(ctx, s.last, s.at, slice-1).Scan(&to)
	if errors.Is(err, sqldb.ErrNotFound) {
		_, err = s.db.Exec(ctx, s.erase, append([]any{s.at, s.at}, args...)...)
		s.at = K("")
		return true, err
	}
	if err != nil {
		return false, err
	}
	if _, err := s.db.Exec(ctx, s.some, append([]any{s.at, to}, args...)...); err != nil {
		return false, err
	}
	s.at = to
	return false, nil
}

// Repeat runs a statement that deletes or changes a slice of rows until it affects less than a full
// slice, for twenty seconds at most. The last parameter of the statement is the size of the slice.
// It returns the total number of rows affected.
func Repeat(ctx context.Context, db *sqldb.DB, text string, rows int64, args ...any) (total int64, err error) {
	return Slices(rows, func() (int64, error) { return db.Exec(ctx, text, append(args[:len(args):len(args)], rows)...) })
}

// Slices calls one, which changes at most so many rows and returns how many it did, as Repeat runs a statement.
func Slices(rows int64, one func() (int64, error)) (total int64, err error) {
	for until := time.Now().Add(budget); time.Now().Before(until); {
		n, err := one()
		total += n
		if err != nil || n < rows {
			return total, err
		}
	}
	return total, nil
}
