// Package outbox is a service's log of events for the audit trail: the way to write one in the
// transaction of its change, and the feed that the activity service follows.
//
// It owns the tables events and event_head of a service's database, and the order of the cursors,
// which is the order of commits: writing an event locks the head of the log until the commit, so that
// it must be the last statement of its transaction. It never decides what is an event: the stores do.
package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Change is one field of an object before and after.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Event is one event. None of its texts may be a credential, an e-mail address or a person's name.
type Event struct {
	// Kind is `<object>.<past participle>`; docs/activity.md lists all.
	Kind string
	// Actor caused it; the zero value is the actor of the context.
	Actor                                 actor.Actor
	UserID, WorkspaceID, ClientID, Object string
	// Changes are the fields that differ: those that are equal before and after are left out.
	Changes []Change
	Details map[string]string

	// onlyIfChanged is described at IfChanged.
	onlyIfChanged bool
}

// IfChanged returns the event such that Change writes it only if a field of the object differs: for an
// act whose whole effect the fields show, and which may find everything as it wants it.
func (e Event) IfChanged() Event {
	e.onlyIfChanged = true
	return e
}

// entry is a stored event.
type entry struct {
	Event
	cursor    int64
	requestID string
	at        time.Time
}

// Log is the log of one database. Its methods may be called concurrently.
type Log struct {
	db                                    *sqldb.DB
	add                                   []string
	head, bounds, after, acknowledge, old string

	stopping chan struct{}
	stop     sync.Once
}

// columns are the columns of an event behind its cursor.
const columns = `kind, actor_kind, actor_id, user_id, workspace_id, client_id, object_id, changes, details, request_id`

// New returns a log.
func New(db *sqldb.DB) *Log {
	l := &Log{
		db: db, stopping: make(chan struct{}),
		add: []string{
			`UPDATE event_head SET cursor = cursor + 1 WHERE id = 1`,
			db.SQL(`
INSERT INTO events (cursor, ` + columns + `, created_at)
SELECT cursor, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, {{now}} FROM event_head WHERE id = 1`),
		},
		head: `SELECT cursor FROM event_head WHERE id = 1`,
		bounds: `
SELECT cursor, COALESCE((SELECT MIN(e.cursor) FROM events e), cursor + 1) FROM event_head WHERE id = 1`,
		after:       `SELECT cursor, ` + columns + `, created_at FROM events WHERE cursor > $1 ORDER BY cursor LIMIT $2`,
		acknowledge: `UPDATE event_head SET read_cursor = $1 WHERE id = 1 AND read_cursor < $1 AND cursor >= $1`,
		old: db.SQL(`
DELETE FROM events WHERE cursor IN (
    SELECT cursor FROM (SELECT cursor, created_at FROM events ORDER BY cursor LIMIT $3) AS oldest
    WHERE created_at + $1 < {{now}} AND cursor <= (SELECT read_cursor FROM event_head WHERE id = 1) OR created_at + $2 < {{now}})`),
	}
	return l
}

// Statements returns the statements that write an event, for a pipeline in which they come last.
func (l *Log) Statements(ctx context.Context, e Event) []*sqldb.Statement {
	return []*sqldb.Statement{sqldb.Stmt(l.add[0]), sqldb.Stmt(l.add[1], Args(ctx, e)...)}
}

// Append writes an event in a transaction. It locks the head of the log until the commit: every other
// statement must come before it.
func (l *Log) Append(ctx context.Context, tx *sqldb.Tx, e Event) error {
	if _, err := tx.Exec(ctx, l.add[0]); err != nil {
		return fmt.Errorf("writing the event %s: %w", e.Kind, err)
	}
	if _, err := tx.Exec(ctx, l.add[1], Args(ctx, e)...); err != nil {
		return fmt.Errorf("writing the event %s: %w", e.Kind, err)
	}
	return nil
}

// Arguments is the number of values that Args returns.
const Arguments = 10

// Args returns the values of an event in the order of its columns, for Insert.
func Args(ctx context.Context, e Event) []any {
	who := e.Actor
	if who == (actor.Actor{}) {
		who = actor.From(ctx)
	}
	changes := make([]Change, 0, len(e.Changes))
	for _, c := range e.Changes {
		if c.Before != c.After {
			changes = append(changes, c)
		}
	}
	return []any{
		e.Kind, int64(who.Kind), who.ID, e.UserID, e.WorkspaceID, e.ClientID, e.Object, encoded(changes), encoded(e.Details), requestid.From(ctx),
	}
}

// Insert returns the common table expressions with which one statement of PostgreSQL writes an event
// if a condition holds, whose parameters begin with the one of that number: Args.
func (l *Log) Insert(condition string, first int) string {
	values := ""
	for n := range Arguments {
		values += fmt.Sprintf("$%d::%s, ", first+n, map[bool]string{true: "bigint", false: "text"}[n == 1])
	}
	return l.db.SQL(`event_cursor AS (UPDATE event_head SET cursor = cursor + 1 WHERE id = 1 AND ` + condition + ` RETURNING cursor),
event AS (INSERT INTO events (cursor, ` + columns + `, created_at) SELECT cursor, ` + values + `{{now}} FROM event_cursor)`)
}

// encoded returns JSON: strings can always be encoded.
func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(text)
}

// read returns at most limit events after a cursor, oldest first.
func (l *Log) read(ctx context.Context, cursor int64, limit int) ([]entry, error) {
	rows, err := l.db.Query(ctx, l.after, cursor, limit)
	if err != nil {
		return nil, fmt.Errorf("reading events: %w", err)
	}
	defer rows.Close()
	var list []entry
	for rows.Next() {
		var e entry
		var kind, at int64
		var changes, details string
		err := rows.Scan(&e.cursor, &e.Kind, &kind, &e.Actor.ID, &e.UserID, &e.WorkspaceID, &e.ClientID, &e.Object, &changes, &details, &e.requestID, &at)
		if err != nil {
			return nil, fmt.Errorf("reading an event: %w", err)
		}
		e.Actor.Kind, e.at = actor.Kind(kind), time.UnixMicro(at).UTC()
		if err := json.Unmarshal([]byte(changes), &e.Changes); err != nil {
			return nil, fmt.Errorf("reading an event: %w", err)
		}
		if err := json.Unmarshal([]byte(details), &e.Details); err != nil {
			return nil, fmt.Errorf("reading an event: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// The retention of events.
const (
	// keptRead is how long an event is kept after it was written and read: a restored backup of the
	// activity service finds it again.
	keptRead = 7 * 24 * time.Hour
	// keptUnread is how long an event is kept that nothing has read, so that the table ends.
	keptUnread = 90 * 24 * time.Hour
	// trimSlice is how many events one statement of Trim reads.
	trimSlice = 1000
)

// Trim deletes the events that are old.
func (l *Log) Trim(ctx context.Context) error {
	if _, err := cleanup.Repeat(ctx, l.db, l.old, trimSlice, keptRead.Microseconds(), keptUnread.Microseconds()); err != nil {
		return fmt.Errorf("trimming the events: %w", err)
	}
	return nil
}
