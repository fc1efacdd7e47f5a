package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
	"github.com/vidocu/usher/services/activity/internal/trail"
)

// FeedCursor is trail.Store.
func (s *Store) FeedCursor(ctx context.Context, source string) (int64, error) {
	var cursor int64
	err := s.db.QueryRow(ctx, s.text.cursor, source).Scan(&cursor)
	if err != nil && !errors.Is(err, sqldb.ErrNotFound) {
		return 0, fmt.Errorf("reading the cursor of %s: %w", source, err)
	}
	return cursor, nil
}

// StoreEvents is trail.Store.
func (s *Store) StoreEvents(ctx context.Context, source string, from int64, b trail.Batch) error {
	for _, e := range b.Events {
		if err := s.makeRoom(ctx, eventsTable(), requestlog.Day(e.At)); err != nil {
			return fmt.Errorf("storing events of %s: %w", source, err)
		}
	}
	err := s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, s.text.startFeed, source); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, s.text.moveFeed, source, from, b.Cursor)
		if err != nil {
			return err
		}
		if n == 0 {
			return trail.ErrMoved
		}
		for _, e := range b.Events {
			if err := s.insertEvent(ctx, tx, source, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("storing events of %s: %w", source, err)
	}
	return nil
}

func (s *Store) insertEvent(ctx context.Context, tx *sqldb.Tx, source string, e trail.Event) error {
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return err
	}
	details, err := json.Marshal(e.Details)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, s.text.insertEvent, e.At.UnixMicro(), source, e.Cursor, e.Kind, int64(e.ActorKind), e.ActorID, e.UserID, e.WorkspaceID,
		e.ClientID, e.Object, string(changes), string(details), e.RequestID, max(e.Count, 1))
	return err
}

// Events lists events, the latest first.
func (s *Store) Events(ctx context.Context, f trail.Filter) ([]trail.Event, error) {
	q := query{text: `
SELECT at, source, source_cursor, kind, actor_kind, actor_id, user_id, workspace_id, client_id, object_id, changes, details, request_id, amount
FROM audit_events WHERE TRUE`}
	for _, filter := range []struct{ column, value string }{
		{"user_id", f.UserID}, {"workspace_id", f.WorkspaceID}, {"client_id", f.ClientID}, {"actor_id", f.ActorID}, {"request_id", f.RequestID},
	} {
		// The indexes have no rows without a value.
		q.and(filter.value != "", filter.column+" <> '' AND "+filter.column+" = ", filter.value)
	}
	q.and(!f.Start.IsZero(), "at >= ", f.Start.UnixMicro())
	q.and(!f.End.IsZero(), "at < ", f.End.UnixMicro())
	q.anyOf("kind", f.Kinds)
	if f.After.Source != "" {
		q.text += fmt.Sprintf(` AND (at, source, source_cursor) < (%s, %s, %s)`, q.arg(f.After.At), q.arg(f.After.Source), q.arg(f.After.Cursor))
	}
	q.text += ` ORDER BY at DESC, source DESC, source_cursor DESC LIMIT ` + q.arg(f.Limit)
	rows, err := s.db.Query(ctx, q.text, q.args...)
	if err != nil {
		return nil, fmt.Errorf("listing events: %w", err)
	}
	defer rows.Close()
	var list []trail.Event
	for rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, fmt.Errorf("reading an event: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing events: %w", err)
	}
	return list, nil
}

func scanEvent(rows sqldb.Rows) (e trail.Event, err error) {
	var at, actor int64
	var changes, details string
	err = rows.Scan(&at, &e.Source, &e.Cursor, &e.Kind, &actor, &e.ActorID, &e.UserID, &e.WorkspaceID, &e.ClientID, &e.Object, &changes, &details,
		&e.RequestID, &e.Count)
	if err != nil {
		return e, err
	}
	e.At, e.ActorKind = fromMicros(at), int32(actor)
	if err := json.Unmarshal([]byte(changes), &e.Changes); err != nil {
		return e, err
	}
	return e, json.Unmarshal([]byte(details), &e.Details)
}
