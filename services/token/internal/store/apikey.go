package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// keyStatements are the SQL of API keys.
type keyStatements struct {
	create, createFirst, list, find, touch, revoke, exists string
}

// portableKeys is the SQL before {{now}} is expanded.
var portableKeys = keyStatements{
	create: `
INSERT INTO api_keys (id, hash, workspace_id, name, last_four, created_at) VALUES ($1, $2, $3, $4, $5, {{now}})
RETURNING created_at`,

	createFirst: `
INSERT INTO api_keys (id, hash, workspace_id, name, last_four, created_at)
SELECT $1, $2, $3, $4, $5, {{now}} WHERE NOT EXISTS (SELECT 1 FROM api_keys WHERE workspace_id = $3)
ON CONFLICT DO NOTHING`,

	list: `
SELECT id, workspace_id, name, last_four, created_at, last_used_at, revoked_at
FROM api_keys WHERE workspace_id = $1 ORDER BY created_at DESC, id DESC`,

	find: `
SELECT id, workspace_id, created_at, last_used_at IS NULL OR last_used_at + 60000000 < {{now}}
FROM api_keys WHERE hash = $1 AND revoked_at IS NULL`,

	touch: `
UPDATE api_keys SET last_used_at = {{now}}
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at + 60000000 < {{now}})`,

	revoke: `UPDATE api_keys SET revoked_at = {{now}} WHERE id = $1 AND revoked_at IS NULL RETURNING hash, workspace_id`,

	exists: `SELECT 1 FROM api_keys WHERE id = $1`,
}

func prepareKeys(db *sqldb.DB) keyStatements {
	t := portableKeys
	for _, s := range []*string{&t.create, &t.createFirst, &t.list, &t.find, &t.touch, &t.revoke, &t.exists} {
		*s = db.SQL(*s)
	}
	return t
}

// CreateKey stores a key and returns its creation time, by the database's clock.
func (s *Store) CreateKey(ctx context.Context, key apikey.New) (time.Time, error) {
	var created int64
	err := s.inTx(ctx, "creating an API key", func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, s.keys.create, key.ID, key.Hash.Bytes(), key.WorkspaceID, key.Name, key.LastFour).Scan(&created)
		if err != nil {
			return err
		}
		return s.Events().Append(ctx, tx, outbox.Event{
			Kind: "api_key.created", WorkspaceID: key.WorkspaceID, Object: key.ID,
			Changes: []outbox.Change{{Field: "name", After: key.Name}, {Field: "status", After: "live"}},
		})
	})
	if err != nil {
		return time.Time{}, err
	}
	return fromMicros(created), nil
}

// CreateFirstKey stores a key unless its workspace ever had one.
func (s *Store) CreateFirstKey(ctx context.Context, key apikey.New) (bool, error) {
	n, err := s.db.Exec(ctx, s.keys.createFirst, key.ID, key.Hash.Bytes(), key.WorkspaceID, key.Name, key.LastFour)
	if err != nil {
		return false, fmt.Errorf("creating a first API key: %w", err)
	}
	return n > 0, nil
}

// ListKeys lists a workspace's keys, newest first, revoked ones too.
func (s *Store) ListKeys(ctx context.Context, workspaceID string) ([]apikey.Key, error) {
	rows, err := s.db.Query(ctx, s.keys.list, workspaceID)
	if err != nil {
		return nil, fmt.Errorf("listing API keys: %w", err)
	}
	defer rows.Close()
	var list []apikey.Key
	for rows.Next() {
		var k apikey.Key
		var created int64
		var used, revoked *int64
		if err := rows.Scan(&k.ID, &k.WorkspaceID, &k.Name, &k.LastFour, &created, &used, &revoked); err != nil {
			return nil, fmt.Errorf("reading an API key: %w", err)
		}
		k.CreatedAt, k.LastUsedAt, k.RevokedAt = fromMicros(created), fromNullable(used), fromNullable(revoked)
		list = append(list, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing API keys: %w", err)
	}
	return list, nil
}

// fromNullable converts a stored time; NULL is the zero time.
func fromNullable(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return fromMicros(*us)
}

// FindKey reads a live API key. introspect.ErrInactive when there is none.
func (s *Store) FindKey(ctx context.Context, key secret.Hash) (introspect.Facts, error) {
	f := introspect.Facts{Kind: enforce.APIKey}
	var created int64
	err := s.db.QueryRow(ctx, s.keys.find, key.Bytes()).Scan(&f.KeyID, &f.WorkspaceID, &created, &f.LongUnused)
	if errors.Is(err, sqldb.ErrNotFound) {
		return introspect.Facts{}, introspect.ErrInactive
	}
	if err != nil {
		return introspect.Facts{}, fmt.Errorf("reading an API key: %w", err)
	}
	f.IssuedAt = fromMicros(created)
	return f, nil
}

// KeyUses records when keys are used, by their identifiers.
type KeyUses struct{ Store *Store }

// Touch records that a key is in use, unless that was recorded within the last minute.
func (u KeyUses) Touch(ctx context.Context, id []byte) error {
	if _, err := u.Store.db.Exec(ctx, u.Store.keys.touch, string(id)); err != nil {
		return fmt.Errorf("recording an API key's use: %w", err)
	}
	return nil
}

// RevokeKey revokes a key and appends the revocation to the log; it does nothing to a revoked key.
// apikey.ErrUnknown when there is no such key.
func (s *Store) RevokeKey(ctx context.Context, id string) error {
	return s.log.Revoke(ctx, "revoking an API key", func(tx *revlog.Tx) error {
		e := revlog.NewEntry(revlog.ReasonKeyRevoked, revocation.Revocation{Kind: revocation.Token})
		event := outbox.Event{Kind: "api_key.revoked", Object: id, Changes: []outbox.Change{{Field: "status", Before: "live", After: "revoked"}}}
		err := tx.QueryRow(ctx, s.keys.revoke, id).Scan(&e.TokenHash, &event.WorkspaceID)
		if errors.Is(err, sqldb.ErrNotFound) {
			return notFoundUnlessExists(tx.QueryRow(ctx, s.keys.exists, id))
		}
		if err != nil {
			return err
		}
		if _, err = tx.Append(ctx, e); err != nil {
			return err
		}
		return s.Events().Append(ctx, tx.Tx, event)
	})
}

// Events returns the log that the audit trail follows.
func (s *Store) Events() *outbox.Log { return s.log.Events() }

// notFoundUnlessExists returns apikey.ErrUnknown when the row does not exist.
func notFoundUnlessExists(row sqldb.Row) error {
	var one int64
	err := row.Scan(&one)
	if errors.Is(err, sqldb.ErrNotFound) {
		return apikey.ErrUnknown
	}
	return err
}

// KeyExists reports whether there is a key of this identifier, live or revoked.
func (s *Store) KeyExists(ctx context.Context, id string) (bool, error) {
	switch err := notFoundUnlessExists(s.db.QueryRow(ctx, s.keys.exists, id)); {
	case errors.Is(err, apikey.ErrUnknown):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("looking for an API key: %w", err)
	}
	return true, nil
}
