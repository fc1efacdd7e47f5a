package store

import (
	"context"
	"fmt"
)

// EraseRetries forgets the sealed pairs whose retry window has ended. It answers how many.
func (s *Store) EraseRetries(ctx context.Context) (int64, error) {
	n, err := s.db.Exec(ctx, s.text.eraseRetries)
	if err != nil {
		return 0, fmt.Errorf("erasing sealed pairs: %w", err)
	}
	return n, nil
}
