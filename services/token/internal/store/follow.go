package store

import (
	"context"
	"fmt"

	"github.com/vidocu/usher/services/token/internal/feed"
)

// LogBounds reads what is in the log: feed.Log.
func (s *Store) LogBounds(ctx context.Context) (feed.Bounds, error) {
	var b feed.Bounds
	if err := s.db.QueryRow(ctx, s.text.logBounds).Scan(&b.Head, &b.Oldest); err != nil {
		return feed.Bounds{}, fmt.Errorf("reading the revocation log's bounds: %w", err)
	}
	return b, nil
}

// LogAfter reads the log behind a cursor as followers need it: feed.Log.
func (s *Store) LogAfter(ctx context.Context, cursor int64, limit int) ([]feed.Entry, error) {
	stored, err := s.EntriesAfter(ctx, cursor, limit)
	if err != nil || len(stored) == 0 {
		return nil, err
	}
	entries := make([]feed.Entry, len(stored))
	for i, e := range stored {
		entries[i] = follower(e)
	}
	return entries, nil
}

// follower is an entry as followers need it.
func follower(e Entry) feed.Entry {
	return feed.Entry{
		Cursor: e.Cursor, Kind: feed.Kind(e.Kind), TokenHash: e.TokenHash, Family: e.FamilyID,
		UserID: e.UserID, ClientID: e.ClientID, WorkspaceID: e.WorkspaceID, Age: e.Age,
	}
}
