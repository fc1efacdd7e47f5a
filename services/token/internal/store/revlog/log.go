package revlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// RevocationBarrier is what a revocation waits for between its commit and its response: feed.Feed.
type RevocationBarrier interface {
	// WaitForReplicas returns when no replica returns a result from before the call. appended says
	// that this caller has committed an entry; otherwise another caller may have, and may still be
	// waiting. It fails only when ctx ends first: the commit stands then.
	WaitForReplicas(ctx context.Context, appended bool) error
}

// ErrCommitted is the error of a revocation that was committed, and whose wait for the replicas failed.
var ErrCommitted = errors.New("committed, but a replica may not have applied it yet")

// Log is the log of one database. Its methods may be called concurrently.
type Log struct {
	db                   *sqldb.DB
	barrier              RevocationBarrier
	events               *outbox.Log
	nextCursor, addEntry string
}

// New returns a log.
func New(db *sqldb.DB, barrier RevocationBarrier) *Log {
	return &Log{
		db: db, barrier: barrier, events: outbox.New(db),
		nextCursor: `UPDATE revocation_head SET cursor = cursor + 1 WHERE id = 1 RETURNING cursor`,
		addEntry: db.SQL(`
INSERT INTO revocations (cursor, kind, reason, token_hash, family_id, user_id, client_id, workspace_id, epoch, revoked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {{now}})`),
	}
}

// Tx is a transaction that may append to the log. Only Revoke makes one.
type Tx struct {
	*sqldb.Tx

	log      *Log
	appended bool
}

// Revoke runs work in a transaction (see sqldb.DB.InTx: it may run more than once), commits, and
// returns when no replica returns a result from before it, whether or not work appended an entry: a
// token that was revoked already may have been revoked a moment ago. It returns ErrCommitted if only the
// wait failed. The argument what names the work in its errors.
func (l *Log) Revoke(ctx context.Context, what string, work func(*Tx) error) error {
	var appended bool
	err := l.db.InTx(ctx, func(tx *sqldb.Tx) error {
		t := &Tx{Tx: tx, log: l}
		err := work(t)
		appended = t.appended
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return l.wait(ctx, what, appended)
}

// Wait is Revoke for a caller that has found without a transaction that there is nothing to revoke.
func (l *Log) Wait(ctx context.Context, what string) error { return l.wait(ctx, what, false) }

func (l *Log) wait(ctx context.Context, what string, appended bool) error {
	if err := l.barrier.WaitForReplicas(ctx, appended); err != nil {
		return fmt.Errorf("%s: waiting for the replicas: %w: %w", what, ErrCommitted, err)
	}
	return nil
}

// Append is AppendIn with one event, of the entry's workspace.
func (t *Tx) Append(ctx context.Context, e Entry) (cursor int64, err error) {
	return t.AppendIn(ctx, e, e.WorkspaceID)
}

// AppendIn writes an entry and returns its cursor. It writes the entry's event for the audit trail once for
// each workspace in which something live ended, empty for none in particular: an administrator reads those
// of one workspace. It locks the head of the log until the commit, which makes the order of cursors the
// order of commits: slow work, and every other lock, must come before it.
func (t *Tx) AppendIn(ctx context.Context, e Entry, workspaces ...string) (cursor int64, err error) {
	t.appended = true
	if err := t.QueryRow(ctx, t.log.nextCursor).Scan(&cursor); err != nil {
		return 0, err
	}
	_, err = t.Exec(ctx, t.log.addEntry, cursor, int64(e.Kind), int64(e.Reason), e.TokenHash, e.FamilyID,
		e.UserID, e.ClientID, e.WorkspaceID, e.Epoch)
	if err != nil {
		return cursor, err
	}
	event, recorded := eventOf(ctx, e)
	if !recorded || len(workspaces) == 0 {
		return cursor, nil
	}
	var steps []*sqldb.Statement
	for _, event.WorkspaceID = range workspaces {
		steps = append(steps, t.log.events.Statements(ctx, event)...)
	}
	return cursor, sqldb.Wrap("writing the event "+event.Kind, t.Run(ctx, steps...))
}

// Events returns the log of events that the audit trail follows.
func (l *Log) Events() *outbox.Log { return l.events }
