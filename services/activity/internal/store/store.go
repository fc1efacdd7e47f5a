package store

import (
	"context"
	"embed"
	"io/fs"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Migrations are the schema's steps, a folder an engine.
func Migrations() fs.FS { return migrations }

// Store persists what happened in one database. Its methods may be called concurrently; they return
// sqldb.ErrUnavailable when the database is unavailable.
type Store struct {
	db   *sqldb.DB
	text statements
	keep Retention

	mu sync.Mutex
	// rooms are the days that are known to have a partition.
	rooms map[room]bool
	// counts are the rows of the request log that a client had at least.
	counts map[clientDay]int
}

// Retention is how long rows are kept, in whole days.
type Retention struct{ Requests, Events time.Duration }

// New returns a store.
func New(db *sqldb.DB, keep Retention) *Store {
	return &Store{db: db, text: prepare(db), keep: keep, rooms: map[room]bool{}, counts: map[clientDay]int{}}
}

// statements are the store's SQL, one text for both engines.
type statements struct {
	now                                                  string
	lockDay, kinds, countKinds, addRequests              string
	cursor, startFeed, moveFeed, insertEvent, eventKinds string
	failures                                             string
	oldRequests, oldDays, oldEvents                      string
}

// prepare expands every statement once.
func prepare(db *sqldb.DB) statements {
	return statements{
		now: db.SQL(`SELECT {{now}}`),

		lockDay: `
INSERT INTO request_days (day, client_id) VALUES ($1, $2) ON CONFLICT (day, client_id) DO UPDATE SET day = excluded.day`,
		kinds:      `SELECT kind FROM requests WHERE day = $1 AND client_id = $2 AND kind ` + amongKeys(db),
		countKinds: `SELECT COUNT(*) FROM requests WHERE day = $1 AND client_id = $2`,
		addRequests: `
INSERT INTO requests (day, client_id, kind, endpoint, method, status, error, cause, field, got, expected, overflow, amount, first_at, last_at, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (day, client_id, kind) DO UPDATE SET amount = requests.amount + excluded.amount,
    first_at = CASE WHEN excluded.first_at < requests.first_at THEN excluded.first_at ELSE requests.first_at END,
    request_id = CASE WHEN excluded.last_at >= requests.last_at THEN excluded.request_id ELSE requests.request_id END,
    last_at = CASE WHEN excluded.last_at >= requests.last_at THEN excluded.last_at ELSE requests.last_at END`,

		cursor:    `SELECT cursor FROM feeds WHERE source = $1`,
		startFeed: `INSERT INTO feeds (source, cursor) VALUES ($1, 0) ON CONFLICT (source) DO NOTHING`,
		moveFeed:  `UPDATE feeds SET cursor = $3 WHERE source = $1 AND cursor = $2`,
		insertEvent: `
INSERT INTO audit_events (at, source, source_cursor, kind, actor_kind, actor_id, user_id, workspace_id, client_id, object_id, changes, details,
    request_id, amount)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		failures: `
SELECT at, details FROM audit_events WHERE user_id <> '' AND user_id = $1 AND kind = $2 AND at >= $3 AND at < $4`,
		// One lookup in the index for each kind, however many events have it. On PostgreSQL each partition has an
		// index of its own: one lookup in every partition for each kind.
		eventKinds: `
WITH RECURSIVE found (kind) AS (
    SELECT min(kind) FROM audit_events WHERE kind >= $1 AND kind < $2
    UNION ALL
    SELECT (SELECT min(e.kind) FROM audit_events e WHERE e.kind > found.kind AND e.kind < $2) FROM found WHERE found.kind IS NOT NULL
)
SELECT kind FROM found WHERE kind IS NOT NULL`,

		oldRequests: `
DELETE FROM requests WHERE (day, client_id, kind) IN (SELECT day, client_id, kind FROM requests WHERE day < $1 LIMIT $2)`,
		oldDays: `
DELETE FROM request_days WHERE (day, client_id) IN (SELECT day, client_id FROM request_days WHERE day < $1 ORDER BY day LIMIT $2)`,
		oldEvents: `DELETE FROM audit_events WHERE rowid IN (SELECT rowid FROM audit_events WHERE at < $1 ORDER BY at LIMIT $2)`,
	}
}

// amongKeys is the condition that a key is one of the parameter $3: Store.keys.
func amongKeys(db *sqldb.DB) string {
	if db.Engine() == sqldb.SQLite {
		return `IN (SELECT unhex(value) FROM json_each($3))`
	}
	return `= ANY ($3::bytea[])`
}

// Now returns the database's time.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now int64
	err := s.db.QueryRow(ctx, s.text.now).Scan(&now)
	return fromMicros(now), err
}

func fromMicros(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
