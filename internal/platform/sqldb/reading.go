package sqldb

import (
	"context"
	"errors"
	"fmt"
)

// Querier is a DB or a Tx.
type Querier interface {
	Query(ctx context.Context, text string, args ...any) (Rows, error)
	QueryRow(ctx context.Context, text string, args ...any) Row
}

// Reading is a query for any number of rows.
type Reading struct {
	// Doing begins its errors: "listing secrets".
	Doing string
	Text  string
	Args  []any
}

// Read returns a Reading.
func Read(doing, text string, args ...any) Reading { return Reading{doing, text, args} }

// Each calls scan for each row. It fails where the query or scan fails.
func Each(ctx context.Context, db Querier, r Reading, scan func(row Row) error) error {
	rows, err := db.Query(ctx, r.Text, r.Args...)
	if err != nil {
		return Wrap(r.Doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return Wrap(r.Doing, err)
		}
	}
	return Wrap(r.Doing, rows.Err())
}

// List returns what scan makes of each row; nil where there is none. It fails as Each does.
func List[T any](ctx context.Context, db Querier, r Reading, scan func(row Row, one *T) error) ([]T, error) {
	var list []T
	err := Each(ctx, db, r, func(row Row) error {
		var one T
		err := scan(row, &one)
		list = append(list, one)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Exists reports whether a query, whose one column is an integer, finds a row.
func Exists(ctx context.Context, db Querier, text string, args ...any) (bool, error) {
	var one int64
	err := db.QueryRow(ctx, text, args...).Scan(&one)
	return err == nil, NotFoundAs(nil, err)
}

// Demand returns missing unless a query of Exists finds a row.
func Demand(ctx context.Context, db Querier, missing error, text string, args ...any) error {
	found, err := Exists(ctx, db, text, args...)
	if err == nil && !found {
		return missing
	}
	return err
}

// NotFoundAs returns meaning in place of ErrNotFound, and every other error as it is.
func NotFoundAs(meaning, err error) error {
	if errors.Is(err, ErrNotFound) {
		return meaning
	}
	return err
}

// Wrap says what an error was met in doing; nil stays nil.
func Wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
