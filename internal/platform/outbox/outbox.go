// Package outbox is a service's log of events for the audit trail: the way to write one in the
// transaction of its change, and the feed that the activity service follows.
//
// It owns the tables events and event_head of a service's database, on PostgreSQL also the sequence
// event_cursor, and the order of the cursors: an event of a transaction that began after another one
// was committed has a higher cursor. Writers never wait for each other: a feed waits for those that
// may still commit a lower cursor than it has read. It never decides what is an event: the stores do.
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

	// onlyIfChanged is described at IfChanged, and kindOfChange at IfExisted.
	onlyIfChanged bool
	kindOfChange  string
}

// IfChanged returns the event such that Change writes it only if a field of the object differs: for an
// act whose whole effect the fields show, and which may find everything as it wants it.
func (e Event) IfChanged() Event {
	e.onlyIfChanged = true
	return e
}

// IfExisted returns the event such that Change gives it another kind if the object had a field before: for an
// act that creates an object or changes the one that exists.
func (e Event) IfExisted(kind string) Event {
	e.kindOfChange = kind
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
	db *sqldb.DB
	// add are the statements that write an event; the last one has its arguments.
	add                           []string
	head, after, acknowledge, old string
	// trimmed reads the highest cursor that was deleted.
	trimmed string
	// writers reads the transactions that are writing an event. Empty where only one transaction at a
	// time can write.
	writers string

	stopping chan struct{}
	stop     sync.Once
}

// columns are the columns of an event behind its cursor.
const columns = `kind, actor_kind, actor_id, user_id, workspace_id, client_id, object_id, changes, details, request_id`

// values are the parameters of these columns.
const values = `$1, $2, $3, $4, $5, $6, $7, $8, $9, $10`

// New returns a log.
func New(db *sqldb.DB) *Log {
	l := &Log{
		db: db, stopping: make(chan struct{}),
		after: `
SELECT cursor, ` + columns + `, created_at FROM events WHERE cursor > $1 AND cursor <= $2 ORDER BY cursor LIMIT $3`,
	}
	if db.Engine() == sqldb.Postgres {
		l.onPostgres()
	} else {
		l.onSQLite()
	}
	return l
}

// tooOld is the condition for an event that Trim deletes.
const tooOld = `created_at + $1 < {{now}} AND cursor <= (SELECT read_cursor FROM event_head WHERE id = 1) OR created_at + $2 < {{now}}`

// oldest are the events that one statement of Trim reads.
const oldest = `(SELECT cursor, created_at FROM events ORDER BY cursor LIMIT $3) AS oldest`

// onSQLite sets the statements for the engine with one writer, where a row has the last cursor.
func (l *Log) onSQLite() {
	l.add = []string{
		`UPDATE event_head SET cursor = cursor + 1 WHERE id = 1`,
		l.db.SQL(`
INSERT INTO events (cursor, ` + columns + `, created_at) SELECT cursor, ` + values + `, {{now}} FROM event_head WHERE id = 1`),
	}
	l.head = `SELECT cursor FROM event_head WHERE id = 1`
	l.trimmed = `SELECT COALESCE((SELECT MIN(e.cursor) FROM events e) - 1, cursor) FROM event_head WHERE id = 1`
	l.acknowledge = `UPDATE event_head SET read_cursor = $1 WHERE id = 1 AND read_cursor < $1 AND cursor >= $1`
	l.old = l.db.SQL(`DELETE FROM events WHERE cursor IN (SELECT cursor FROM ` + oldest + ` WHERE ` + tooOld + `)`)
}

const (
	// lockKey is the advisory lock that writers share until their commit, so that feeds see them: of the
	// table, whatever schema a session looks into first.
	lockKey = `hashtextextended('usher/events/' || 'event_head'::regclass::oid, 0)`
	// writer takes the lock before the cursor: of a transaction that is not in pg_locks, every cursor
	// is committed, or never will be.
	writer = `event_writer AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(` + lockKey + `)`
	// lastCursor is the last cursor that any transaction took; some are never committed.
	lastCursor = `(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_cursor)`
)

// onPostgres sets the statements for concurrent writers, who take cursors from a sequence.
func (l *Log) onPostgres() {
	l.add = []string{l.db.SQL(`
WITH ` + writer + `)
INSERT INTO events (cursor, ` + columns + `, created_at) SELECT nextval('event_cursor'), ` + values + `, {{now}} FROM event_writer`)}
	l.head = `SELECT ` + lastCursor
	l.trimmed = `SELECT trimmed_cursor FROM event_head WHERE id = 1`
	l.acknowledge = `UPDATE event_head SET read_cursor = $1 WHERE id = 1 AND read_cursor < $1 AND ` + lastCursor + ` >= $1`
	l.old = l.db.SQL(`
WITH deleted AS (DELETE FROM events WHERE cursor IN (SELECT cursor FROM ` + oldest + ` WHERE ` + tooOld + `) RETURNING cursor),
noted AS (UPDATE event_head SET trimmed_cursor = GREATEST(trimmed_cursor, (SELECT MAX(cursor) FROM deleted)) WHERE id = 1)
SELECT cursor FROM deleted`)
	// A lock's key of 64 bits is in two columns.
	l.writers = `
SELECT COALESCE(string_agg(virtualtransaction, ' '), '') FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND (classid::bigint << 32) | objid::bigint = ` + lockKey + `
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
}

// Statements returns the statements that write an event, for a pipeline.
func (l *Log) Statements(ctx context.Context, e Event) []*sqldb.Statement {
	list := make([]*sqldb.Statement, len(l.add))
	for n, text := range l.add {
		list[n] = sqldb.Stmt(text)
	}
	list[len(list)-1] = sqldb.Stmt(l.add[len(list)-1], Args(ctx, e)...)
	return list
}

// Append writes an event in a transaction.
func (l *Log) Append(ctx context.Context, tx *sqldb.Tx, e Event) error {
	return sqldb.Wrap("writing the event "+e.Kind, tx.Run(ctx, l.Statements(ctx, e)...))
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
	typed := ""
	for n := range Arguments {
		typed += fmt.Sprintf("$%d::%s, ", first+n, map[bool]string{true: "bigint", false: "text"}[n == 1])
	}
	return l.db.SQL(writer + ` WHERE ` + condition + `),
event AS (INSERT INTO events (cursor, ` + columns + `, created_at) SELECT nextval('event_cursor'), ` + typed + `{{now}} FROM event_writer)`)
}

// encoded returns JSON: strings can always be encoded.
func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(text)
}

// read returns at most limit events after a cursor, up to another, oldest first.
func read(ctx context.Context, db sqldb.Querier, text string, after, last int64, limit int) ([]entry, error) {
	return sqldb.List(ctx, db, sqldb.Read("reading events", text, after, last, limit), func(row sqldb.Row, e *entry) error {
		var kind, at int64
		var changes, details string
		err := row.Scan(&e.cursor, &e.Kind, &kind, &e.Actor.ID, &e.UserID, &e.WorkspaceID, &e.ClientID, &e.Object, &changes, &details, &e.requestID, &at)
		if err != nil {
			return err
		}
		e.Actor.Kind, e.at = actor.Kind(kind), time.UnixMicro(at).UTC()
		if err := json.Unmarshal([]byte(changes), &e.Changes); err != nil {
			return err
		}
		return json.Unmarshal([]byte(details), &e.Details)
	})
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
	_, err := cleanup.Repeat(ctx, l.db, l.old, trimSlice, keptRead.Microseconds(), keptUnread.Microseconds())
	return sqldb.Wrap("trimming the events", err)
}
