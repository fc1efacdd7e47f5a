package housekeep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

const (
	// slice is how many rows one statement looks at, so that nobody waits long for it.
	slice = 1000
	// budget is how long one run of a sweep may take; the next goes on where it stopped.
	budget = 20 * time.Second
)

// Table says what a sweep looks at. Its words become SQL: they are constants of a store.
type Table struct {
	Name string
	// Key is the primary key, its columns separated by commas; By is the first of them, along which the sweep walks.
	Key, By string
	// Dead is true for a row that goes, in the words of sqldb.DB.SQL. Its parameters are $3 and up.
	Dead string
}

// Sweep walks a table along its primary key and deletes the rows that are dead. It needs no index on what makes them so,
// which every use may change. It is used by one goroutine at a time.
type Sweep[K string | []byte] struct {
	db                *sqldb.DB
	name              string
	last, some, erase string
	// at is the key that the last run came to.
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
		// What somebody holds is left for the next time: who waits while holding others is who deadlocks.
		some: erase(t.By + ` > $1 AND ` + t.By + ` <= $2`),
		// The second parameter is there so that the others have their numbers.
		erase: erase(t.By + ` > $1 AND ` + t.By + ` >= $2`),
	}
}

// Run walks to the table's end, or as far as it comes in twenty seconds. args are the parameters of Table.Dead.
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

// slice deletes what is dead among the next rows, and reports whether the table ends there.
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

// Repeat runs a statement that deletes or changes a slice of rows until it finds no whole slice more, or for twenty seconds.
// The last parameter of the statement is how many rows it takes.
func Repeat(ctx context.Context, db *sqldb.DB, text string, rows int64, args ...any) (total int64, err error) {
	for until := time.Now().Add(budget); time.Now().Before(until); {
		n, err := db.Exec(ctx, text, append(args[:len(args):len(args)], rows)...)
		total += n
		if err != nil || n < rows {
			return total, err
		}
	}
	return total, nil
}
