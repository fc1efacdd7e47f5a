package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/cleanup"
	"github.com/vidocu/usher/internal/platform/oauth"
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
	old      *cleanup.Sweep[[]byte]
}

// New returns a store.
func New(db *sqldb.DB) *Store {
	return &Store{db: db, text: prepare(db), policies: preparePolicies(db), old: cleanup.NewSweep[[]byte](db, cleanup.Table{
		Name: "consents", Key: "request_id_hash", By: "request_id_hash", Dead: "approved_at + $3 < {{now}}",
	})}
}

// Record stores a consent unless one of the same request is stored. Of equal consents from past
// days it keeps the latest only, so that a user who approves every day does not add a row every
// day.
func (s *Store) Record(ctx context.Context, c decision.Consent) error {
	same := []any{c.UserID, c.ClientID, c.WorkspaceID, c.Scope.String(), c.Epoch}
	record := append(slices.Clone(same), c.Request.Bytes())
	var err error
	if s.text.supersede == "" {
		_, err = s.db.Exec(ctx, s.text.record, append(record, supersededAtOnce)...)
	} else {
		err = s.db.Pipeline(ctx, sqldb.Stmt(s.text.supersede, append(same, supersededAtOnce)...), sqldb.Stmt(s.text.record, record...))
	}
	if err != nil {
		return fmt.Errorf("recording a consent: %w", err)
	}
	return nil
}

// Approvals returns what a user approved, the oldest first.
func (s *Store) Approvals(ctx context.Context, userID string) ([]connectedapp.Approval, error) {
	rows, err := s.db.Query(ctx, s.text.approvals, userID)
	if err != nil {
		return nil, fmt.Errorf("listing consents: %w", err)
	}
	defer rows.Close()
	var list []connectedapp.Approval
	for rows.Next() {
		var a connectedapp.Approval
		var scope string
		var at int64
		if err := rows.Scan(&a.ClientID, &a.WorkspaceID, &scope, &a.Epoch, &at); err != nil {
			return nil, fmt.Errorf("reading a consent: %w", err)
		}
		a.Scope, a.At = strings.Fields(scope), time.UnixMicro(at).UTC()
		list = append(list, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing consents: %w", err)
	}
	return list, nil
}

// Granted returns what was approved at an epoch of a user-client.
func (s *Store) Granted(ctx context.Context, u oauth.UserClient, epoch int64) ([]decision.Granted, error) {
	rows, err := s.db.Query(ctx, s.text.granted, u.UserID, u.ClientID, epoch)
	if err != nil {
		return nil, fmt.Errorf("reading consents: %w", err)
	}
	defer rows.Close()
	var list []decision.Granted
	for rows.Next() {
		var g decision.Granted
		var scope string
		if err := rows.Scan(&g.WorkspaceID, &scope); err != nil {
			return nil, fmt.Errorf("reading a consent: %w", err)
		}
		g.Scope = strings.Fields(scope)
		list = append(list, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading consents: %w", err)
	}
	return list, nil
}

// Prune deletes a bounded number of consents of the user-client with a lower epoch.
func (s *Store) Prune(ctx context.Context, p oauth.UserClient, epoch int64) error {
	if _, err := s.db.Exec(ctx, s.text.prune, p.UserID, p.ClientID, epoch, prunedAtOnce); err != nil {
		return fmt.Errorf("pruning consents: %w", err)
	}
	return nil
}

// PruneIn deletes the consents of the user-client in one workspace with a lower epoch.
func (s *Store) PruneIn(ctx context.Context, p oauth.UserClient, workspaceID string, epoch int64) error {
	if _, err := cleanup.Repeat(ctx, s.db, s.text.pruneIn, prunedAtOnce, p.UserID, p.ClientID, workspaceID, epoch); err != nil {
		return fmt.Errorf("pruning consents of a workspace: %w", err)
	}
	return nil
}

// CleanUp deletes the consents that are older than kept; 0 keeps all. It also deletes the requests of
// members that are older than a year. It is called by one goroutine at a time.
func (s *Store) CleanUp(ctx context.Context, kept time.Duration) error {
	if _, err := cleanup.Repeat(ctx, s.db, s.policies.deleteRequests, prunedAtOnce, requestRetention.Microseconds()); err != nil {
		return fmt.Errorf("deleting old requests for clients: %w", err)
	}
	if kept == 0 {
		return nil
	}
	return s.old.Run(ctx, kept.Microseconds())
}
