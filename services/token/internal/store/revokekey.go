package store

import (
	"context"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// RevokeKey revokes a key and appends the revocation to the log; it does nothing to a revoked key.
// apikey.ErrUnknown when there is no such key, or not in the workspace.
func (s *Store) RevokeKey(ctx context.Context, workspaceID, id string) error {
	return s.log.Revoke(ctx, "revoking an API key", func(tx *revlog.Tx) error {
		e := revlog.NewEntry(revlog.ReasonKeyRevoked, revocation.Revocation{Kind: revocation.Token})
		event := outbox.Event{Kind: "api_key.revoked", Object: id, Changes: []outbox.Change{{Field: "status", Before: "live", After: "revoked"}}}
		var name string
		err := tx.QueryRow(ctx, s.text.revokeKey, id, workspaceID).Scan(&e.TokenHash, &event.WorkspaceID, &name)
		if isNotFound(err) {
			return sqldb.Demand(ctx, tx, apikey.ErrUnknown, s.text.keyExists, id, workspaceID)
		}
		if err != nil {
			return err
		}
		if _, err = tx.Append(ctx, e); err != nil {
			return err
		}
		event.WorkspaceID, event.Details = strings.TrimPrefix(event.WorkspaceID, restricted), map[string]string{"name": name}
		return s.Events().Append(ctx, tx.Tx, event)
	})
}

// Events returns the log that the audit trail follows.
func (s *Store) Events() *outbox.Log { return s.log.Events() }

// RotateKey stores a key with the name, the limits and the lifetime of another one, and gives that one
// its end. The entry of the log makes caches read the new end.
func (s *Store) RotateKey(ctx context.Context, next apikey.Successor) (created, replaced apikey.Key, err error) {
	err = s.log.Revoke(ctx, "rotating an API key", func(tx *revlog.Tx) error {
		n := apikey.New{ID: next.ID, Hash: next.Hash, LastFour: next.LastFour, WorkspaceID: next.WorkspaceID, Creator: next.Creator}
		if err := s.lockKeys(ctx, tx.Tx, next.WorkspaceID, next.MaxLive); err != nil { // before the row of the key
			return err
		}
		var workspace, scope, addresses string
		var lifetime int64
		err := tx.QueryRow(ctx, s.text.originalKey, next.Replaces, next.WorkspaceID).Scan(&workspace, &n.Name, &scope, &addresses, &lifetime)
		if err == nil {
			n.Addresses, err = enforce.ParseAddresses(strings.Fields(addresses))
		}
		if err != nil {
			return sqldb.NotFoundAs(apikey.ErrUnknown, err)
		}
		n.Scopes, n.Lifetime = strings.Fields(scope), time.Duration(lifetime)*time.Microsecond
		e := revlog.NewEntry(revlog.ReasonKeyRotated, revocation.Revocation{Kind: revocation.Token})
		if err := tx.QueryRow(ctx, s.text.replaceKey, next.Replaces, next.ID, micros(next.Overlap)).Scan(&e.TokenHash); err != nil {
			return sqldb.NotFoundAs(apikey.ErrUnknown, err)
		}
		if err := s.insertKey(ctx, tx.Tx, n, next.MaxLive); err != nil {
			return err
		}
		if err := scanKey(tx.QueryRow(ctx, s.text.getKey, next.ID), &created); err != nil {
			return err
		}
		if err := scanKey(tx.QueryRow(ctx, s.text.getKey, next.Replaces), &replaced); err != nil {
			return err
		}
		if _, err = tx.Append(ctx, e); err != nil {
			return err
		}
		event := createdKey(created)
		event.Kind, event.Details = "api_key.rotated", map[string]string{"replaces": replaced.ID, "replaced_expires_at": replaced.ExpiresAt.Format(time.RFC3339)}
		return s.Events().Append(ctx, tx.Tx, event)
	})
	return created, replaced, err
}

// KeyExists reports whether there is a key of this identifier, live or revoked.
func (s *Store) KeyExists(ctx context.Context, id string) (bool, error) {
	found, err := sqldb.Exists(ctx, s.db, s.text.keyExists, id, "")
	return found, sqldb.Wrap("looking for an API key", err)
}
