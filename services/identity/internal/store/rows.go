package store

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
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

// rowsOf scans every row of a reading into the destinations that dest returns.
func rowsOf[T any](ctx context.Context, s *Store, r sqldb.Reading, dest func(*T) []any) ([]T, error) {
	return sqldb.List(ctx, s.db, r, func(row sqldb.Row, one *T) error { return row.Scan(dest(one)...) })
}

func workspaceDest(w *account.Workspace) []any { return []any{&w.ID, &w.Name, &w.Plan} }
