package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/actor"
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
		if err := s.makeRoom(ctx, s.eventsTable(), requestlog.Day(e.At)); err != nil {
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
	return sqldb.Wrap("storing events of "+source, err)
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

// Events lists events, the latest first. The index of kinds has the order of the list within one kind alone:
// several kinds, and those with a prefix, are read one by one, unless another filter selects few events. Of a
// kind it reads only the events that are later than the last of a page that the kinds before have filled.
func (s *Store) Events(ctx context.Context, f trail.Filter) ([]trail.Event, error) {
	if len(f.Kinds) == 0 || f.UserID+f.WorkspaceID+f.ClientID+f.ActorID+f.RequestID != "" {
		return s.events(ctx, f)
	}
	kinds, err := s.kinds(ctx, f.Kinds)
	if err != nil {
		return nil, err
	}
	var list []trail.Event
	for _, kind := range kinds {
		f.Kinds = []string{kind}
		found, err := s.events(ctx, f)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
		slices.SortFunc(list, func(a, b trail.Event) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Source, a.Source), cmp.Compare(b.Cursor, a.Cursor))
		})
		if len(list) >= f.Limit {
			list = list[:f.Limit]
			f.Start = list[len(list)-1].At
		}
	}
	return list, nil
}

// kinds returns the kinds that a filter stands for, each once: a value with a period at its end stands for
// all that begin with it and that an event has.
func (s *Store) kinds(ctx context.Context, values []string) ([]string, error) {
	var kinds []string
	for _, v := range values {
		prefix, ok := strings.CutSuffix(v, ".")
		if !ok {
			kinds = append(kinds, v)
			continue
		}
		read := sqldb.Read("listing the kinds of events", s.text.eventKinds, v, prefix+"/") // the character after the period is the slash
		found, err := sqldb.List(ctx, s.db, read, func(row sqldb.Row, kind *string) error { return row.Scan(kind) })
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, found...)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), nil
}

// events is Events by one statement.
func (s *Store) events(ctx context.Context, f trail.Filter) ([]trail.Event, error) {
	q := query{text: `
SELECT at, source, source_cursor, kind, actor_kind, actor_id, user_id, workspace_id, client_id, object_id, changes, details, request_id, amount
FROM audit_events e WHERE TRUE`}
	for _, filter := range []struct{ column, value string }{
		{"user_id", f.UserID}, {"workspace_id", f.WorkspaceID}, {"client_id", f.ClientID}, {"actor_id", f.ActorID}, {"request_id", f.RequestID},
	} {
		// The indexes have no rows without a value.
		q.and(filter.value != "", filter.column+" <> '' AND "+filter.column+" = ", filter.value)
	}
	q.and(!f.Start.IsZero(), "at >= ", f.Start.UnixMicro())
	q.and(!f.End.IsZero(), "at < ", f.End.UnixMicro())
	q.anyOf("kind", f.Kinds)
	if f.SignInsByHour {
		q.text += firstOfHour(&q, f)
	}
	if f.WithoutReturned {
		q.text += ` AND (e.kind <> 'grant.token_revoked' OR e.actor_kind = ` + q.arg(int64(actor.Operator)) + `)`
	}
	if f.After.Source != "" {
		q.text += fmt.Sprintf(` AND (at, source, source_cursor) < (%s, %s, %s)`, q.arg(f.After.At), q.arg(f.After.Source), q.arg(f.After.Cursor))
	}
	q.text += ` ORDER BY at DESC, source DESC, source_cursor DESC LIMIT ` + q.arg(f.Limit)
	list, err := sqldb.List(ctx, s.db, sqldb.Read("listing events", q.text, q.args...), scanEvent)
	if err != nil || !f.SignInsByHour {
		return list, err
	}
	return list, s.sumFailures(ctx, f, list)
}

func scanEvent(row sqldb.Row, e *trail.Event) error {
	var at, actor int64
	var changes, details string
	err := row.Scan(&at, &e.Source, &e.Cursor, &e.Kind, &actor, &e.ActorID, &e.UserID, &e.WorkspaceID, &e.ClientID, &e.Object, &changes, &details,
		&e.RequestID, &e.Count)
	if err != nil {
		return err
	}
	e.At, e.ActorKind = fromMicros(at), int32(actor)
	if err := json.Unmarshal([]byte(changes), &e.Changes); err != nil {
		return err
	}
	return json.Unmarshal([]byte(details), &e.Details)
}
