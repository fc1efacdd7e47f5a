package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/services/identity/internal/account"
)

// instant reads a column of microseconds since 1970 into a time; NULL is the zero time.
type instant time.Time

// Scan is what both drivers call.
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

// question is a statement that answers rows.
type question struct {
	doing string
	text  string
	args  []any
}

// rowsOf asks a question and reads every row into where dest says.
func rowsOf[T any](ctx context.Context, s *Store, q question, dest func(*T) []any) ([]T, error) {
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
