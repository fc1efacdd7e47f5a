package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// rowsOf scans every row of a reading into the destinations that dest returns.
func rowsOf[T any](ctx context.Context, s *Store, r sqldb.Reading, dest func(*T) []any) ([]T, error) {
	return sqldb.List(ctx, s.db, r, func(row sqldb.Row, one *T) error { return row.Scan(dest(one)...) })
}

func workspaceDest(w *account.Workspace) []any { return []any{&w.ID, &w.Name, &w.Plan} }
