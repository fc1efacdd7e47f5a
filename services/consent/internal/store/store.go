package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

//go:embed migrations
var migrations embed.FS

// Migrations are the schema's steps, a folder an engine.
func Migrations() fs.FS { return migrations }

// Store persists consents in one database. Its methods may be called concurrently; they return
// sqldb.ErrUnavailable when the database is unavailable.
type Store struct {
	db       *sqldb.DB
	text     statements
	policies policyStatements
	// events is the log that the audit trail follows.
	events *outbox.Log
	old    *cleanup.Sweep[[]byte]
}

// New returns a store.
func New(db *sqldb.DB) *Store {
	events := outbox.New(db)
	return &Store{db: db, text: prepare(db, events), policies: preparePolicies(db), events: events, old: cleanup.NewSweep[[]byte](db, cleanup.Table{
		Name: "consents", Key: "request_id_hash", By: "request_id_hash", Dead: "approved_at + $3 < {{now}}",
	})}
}

// Record stores a consent unless one of the same request is stored. Of equal consents from past
// days it keeps the first and the latest only, so that a user who approves every day does not add a
// row every day.
func (s *Store) Record(ctx context.Context, c decision.Consent) error {
	same := []any{c.UserID, c.ClientID, c.WorkspaceID, c.Scope.String(), c.Epoch}
	consent := append(slices.Clone(same), c.Request.Bytes())
	approved := outbox.Event{
		Kind: "grant.approved", UserID: c.UserID, ClientID: c.ClientID, WorkspaceID: c.WorkspaceID, Actor: actor.OfUser(c.UserID),
		Changes: []outbox.Change{{Field: "scope", After: c.Scope.String()}},
	}
	supersede := sqldb.Stmt(s.text.supersede, append(same, supersededAtOnce)...)
	var err error
	if s.db.Engine() == sqldb.Postgres {
		err = s.recordAtOnce(ctx, append(consent, outbox.Args(ctx, approved)...), supersede)
	} else {
		err = s.db.InTx(ctx, func(tx *sqldb.Tx) error {
			record := sqldb.Stmt(s.text.record, consent...)
			if err := tx.Run(ctx, supersede, record); err != nil || record.RowsAffected() == 0 {
				return err
			}
			return s.events.Append(ctx, tx, approved)
		})
	}
	return sqldb.Wrap("recording a consent", err)
}

// recordAtOnce stores a consent with its event in one statement, and then deletes what it supersedes, if
// there is anything.
func (s *Store) recordAtOnce(ctx context.Context, consent []any, supersede *sqldb.Statement) error {
	superseding := false
	if err := s.db.Pipeline(ctx, sqldb.Stmt(s.text.record, consent...).Scan(&superseding)); err != nil {
		return err
	}
	if superseding {
		// The consent is recorded, so an error here must not fail the decision: a later one deletes them.
		_ = s.db.Pipeline(ctx, supersede)
	}
	return nil
}

// Approvals returns what a user approved, the oldest first.
func (s *Store) Approvals(ctx context.Context, userID string) ([]connectedapp.Approval, error) {
	return sqldb.List(ctx, s.db, sqldb.Read("listing consents", s.text.approvals, userID), func(row sqldb.Row, a *connectedapp.Approval) error {
		var scope string
		err := row.Scan(&a.ClientID, &a.WorkspaceID, &scope, &a.Epoch, sqldb.Time(&a.First), sqldb.Time(&a.At))
		a.Scope = strings.Fields(scope)
		return err
	})
}

// Granted returns what was approved at an epoch of a user-client.
func (s *Store) Granted(ctx context.Context, u oauth.UserClient, epoch int64) ([]oauth.GrantedScopes, error) {
	read := sqldb.Read("reading consents", s.text.granted, u.UserID, u.ClientID, epoch)
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, g *oauth.GrantedScopes) error {
		var scope string
		err := row.Scan(&g.WorkspaceID, &scope)
		g.Scope = strings.Fields(scope)
		return err
	})
}

// Prune deletes a bounded number of consents of the user-client with a lower epoch.
func (s *Store) Prune(ctx context.Context, p oauth.UserClient, epoch int64) error {
	_, err := s.db.Exec(ctx, s.text.prune, p.UserID, p.ClientID, epoch, prunedAtOnce)
	return sqldb.Wrap("pruning consents", err)
}

// PruneIn deletes the consents of the user-client in one workspace with a lower epoch.
func (s *Store) PruneIn(ctx context.Context, p oauth.UserClient, workspaceID string, epoch int64) error {
	_, err := cleanup.Repeat(ctx, s.db, s.text.pruneIn, prunedAtOnce, p.UserID, p.ClientID, workspaceID, epoch)
	return sqldb.Wrap("pruning consents of a workspace", err)
}

// CleanUp deletes the consents that are older than kept, 0 keeps all, the requests of members that are older
// than a year, and old events. It is called by one goroutine at a time.
func (s *Store) CleanUp(ctx context.Context, kept time.Duration) error {
	err := s.events.Trim(ctx)
	_, failed := cleanup.Repeat(ctx, s.db, s.policies.deleteRequests, prunedAtOnce, requestRetention.Microseconds())
	err = errors.Join(err, sqldb.Wrap("deleting old requests for clients", failed))
	if kept == 0 {
		return err
	}
	return errors.Join(err, s.old.Run(ctx, kept.Microseconds()))
}

// Events returns the log that the audit trail follows.
func (s *Store) Events() *outbox.Log { return s.events }
