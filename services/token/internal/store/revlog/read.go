package revlog

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/feed"
)

// Reader reads the log: feed.Log. Its methods may be called concurrently.
type Reader struct {
	db                               *sqldb.DB
	head, bounds, after, erase, skip string
}

// NewReader returns a reader.
func NewReader(db *sqldb.DB) *Reader {
	return &Reader{
		db:   db,
		head: `SELECT cursor FROM revocation_head WHERE id = 1`,
		bounds: `
SELECT cursor, COALESCE((SELECT MIN(r.cursor) FROM revocations r), cursor + 1) FROM revocation_head WHERE id = 1`,
		after: db.SQL(`
SELECT cursor, kind, reason, token_hash, family_id, user_id, client_id, workspace_id, epoch, revoked_at, {{now}} - revoked_at
FROM revocations WHERE cursor > $1 ORDER BY cursor LIMIT $2`),
		// It reads the oldest entries only, so that a log with nothing to trim costs nothing.
		erase: db.SQL(`
DELETE FROM revocations WHERE cursor IN (
    SELECT cursor FROM (SELECT cursor, revoked_at FROM revocations ORDER BY cursor LIMIT $2) AS oldest
    WHERE revoked_at + $1 < {{now}})`),
		skip: `UPDATE revocation_head SET cursor = (CASE WHEN cursor > $1 THEN cursor ELSE $1 END) + $2 WHERE id = 1 RETURNING cursor`,
	}
}

// Cursor returns the cursor of the newest entry; 0 when nothing was ever appended.
func (r *Reader) Cursor(ctx context.Context) (int64, error) {
	var cursor int64
	err := r.db.QueryRow(ctx, r.head).Scan(&cursor)
	return cursor, sqldb.Wrap("reading the end of the revocation log", err)
}

// EntriesAfter returns at most limit entries after a cursor, oldest first.
func (r *Reader) EntriesAfter(ctx context.Context, cursor int64, limit int) ([]Entry, error) {
	read := sqldb.Read("reading the revocation log", r.after, cursor, limit)
	return sqldb.List(ctx, r.db, read, func(row sqldb.Row, e *Entry) error {
		var revokedAt, age int64
		err := row.Scan(&e.Cursor, &e.Kind, &e.Reason, &e.TokenHash, &e.FamilyID, &e.UserID, &e.ClientID, &e.WorkspaceID, &e.Epoch, &revokedAt, &age)
		e.RevokedAt, e.Age = time.UnixMicro(revokedAt).UTC(), time.Duration(age)*time.Microsecond
		return err
	})
}

// LogBounds returns the bounds of the log: feed.Log.
func (r *Reader) LogBounds(ctx context.Context) (feed.Bounds, error) {
	var b feed.Bounds
	err := r.db.QueryRow(ctx, r.bounds).Scan(&b.Head, &b.Oldest)
	return b, sqldb.Wrap("reading the revocation log's bounds", err)
}

// LogAfter returns the entries after a cursor as listeners need them: feed.Log.
func (r *Reader) LogAfter(ctx context.Context, cursor int64, limit int) ([]feed.Entry, error) {
	stored, err := r.EntriesAfter(ctx, cursor, limit)
	if err != nil || len(stored) == 0 {
		return nil, err
	}
	entries := make([]feed.Entry, len(stored))
	for i, e := range stored {
		entries[i] = e.Followed()
	}
	return entries, nil
}

// skipped is how many cursors SkipCursors leaves out: more than a failover loses, as other replicas may have
// applied more of the lost ones than the one that calls it.
const skipped = 1000

// SkipCursors moves the head of the log beyond a cursor that a failover lost: feed.Log. It appends nothing,
// so that no replica needs to be waited for. The next entry follows a gap, at which every replica
// invalidates its caches.
func (r *Reader) SkipCursors(ctx context.Context, cursor int64) (head int64, err error) {
	err = r.db.InTx(ctx, func(tx *sqldb.Tx) error { return tx.QueryRow(ctx, r.skip, cursor, skipped).Scan(&head) })
	return head, sqldb.Wrap("moving the end of the revocation log", err)
}

// Followed returns the entry as listeners need it.
func (e Entry) Followed() feed.Entry {
	return feed.Entry{Cursor: e.Cursor, Revocation: e.Revocation, RevokedAt: e.RevokedAt, Age: e.Age}
}

// trimSlice is how many entries one statement of Trim reads.
const trimSlice = 1000

// Trim deletes the entries that are older than kept.
func (r *Reader) Trim(ctx context.Context, kept time.Duration) error {
	_, err := cleanup.Repeat(ctx, r.db, r.erase, trimSlice, kept.Microseconds())
	return sqldb.Wrap("trimming the revocation log", err)
}
