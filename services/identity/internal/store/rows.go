package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/services/identity/internal/account"
)

// instant scans a column of microseconds since 1970 into a time; NULL is the zero time.
type instant time.Time

// Scan implements sql.Scanner, which both drivers call.
func (i *instant) Scan(column any) error {
	switch v := column.(type) {
	case nil:
		*i = instant{}
	case int64:
		*i = instant(time.UnixMicro(v))
	default:
		return fmt.Errorf("a time is a %T", column)
	}
	return nil
}

// query is a statement that returns rows.
type query struct {
	doing string
	text  string
	args  []any
}

// rowsOf runs a query and scans every row into the destinations that dest returns.
func rowsOf[T any](ctx context.Context, s *Store, q query, dest func(*T) []any) ([]T, error) {
	rows, err := s.db.Query(ctx, q.text, q.args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.doing, err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var row T
		if err := rows.Scan(dest(&row)...); err != nil {
			return nil, fmt.Errorf("%s: %w", q.doing, err)
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", q.doing, err)
	}
	return list, nil
}

func workspaceDest(w *account.Workspace) []any { return []any{&w.ID, &w.Name, &w.Plan} }
