package store

import (
	"context"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/apikey"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// restricted is the prefix of the stored workspace of a key that was created with a limit. Release 0.1,
// which reads no limit, finds no such workspace and refuses the key.
const restricted = "restricted:"

const (
	// keyColumns are the columns of apikey.Key, in the order of scanKey.
	keyColumns = `id, workspace_id, name, last_four, created_at, last_used_at, revoked_at, expires_at, ` + liveKey + `, scope, addresses,
    creator_id, creator_name, successor_id`
	// liveKey is the SQL condition for a key that is valid.
	liveKey = `(revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {{now}}))`
)

// inWorkspace is the SQL condition for a key of a workspace, a parameter.
func inWorkspace(parameter string) string {
	return `workspace_id IN (` + parameter + `, '` + restricted + `' || ` + parameter + `)`
}

// prepareKeys sets the statements about API keys.
func (t *statements) prepareKeys(db *sqldb.DB) {
	const columns = `id, hash, workspace_id, name, last_four, created_at, scope, addresses, creator_id, creator_name, expires_at`
	t.createKey = db.SQL(`
INSERT INTO api_keys (` + columns + `)
SELECT $1, $2, $3, $4, $5, {{now}}, $6, $7, $8, $9, CASE WHEN CAST($10 AS BIGINT) > 0 THEN {{now}} + CAST($10 AS BIGINT) END
WHERE CAST($12 AS BIGINT) = 0 OR CAST($12 AS BIGINT) > (SELECT COUNT(*) FROM api_keys WHERE ` + inWorkspace("$11") + ` AND ` + liveKey + `)`)

	// It locks the row of a workspace, and inserts it if it does not exist.
	t.lockWorkspace = db.SQL(`
INSERT INTO key_workspaces (workspace_id) VALUES ($1) ON CONFLICT (workspace_id) DO UPDATE SET workspace_id = excluded.workspace_id`)

	t.createFirstKey = db.SQL(`
INSERT INTO api_keys (id, hash, workspace_id, name, last_four, created_at)
SELECT $1, $2, $3, $4, $5, {{now}} WHERE NOT EXISTS (SELECT 1 FROM api_keys WHERE ` + inWorkspace("$3") + `)
ON CONFLICT DO NOTHING`)

	t.listKeys = db.SQL(`
SELECT ` + keyColumns + ` FROM api_keys
WHERE ` + inWorkspace("$1") + ` AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`)

	t.getKey = db.SQL(`SELECT ` + keyColumns + ` FROM api_keys WHERE id = $1`)

	t.findKey = db.SQL(`
SELECT id, workspace_id, created_at, last_used_at IS NULL OR last_used_at + 60000000 < {{now}}, scope, addresses, expires_at, expires_at - {{now}}
FROM api_keys WHERE hash = $1 AND ` + liveKey)

	t.touchKey = db.SQL(`
UPDATE api_keys SET last_used_at = {{now}}
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at + 60000000 < {{now}})`)

	t.revokeKey = db.SQL(`
UPDATE api_keys SET revoked_at = {{now}} WHERE id = $1 AND ($2 = '' OR ` + inWorkspace("$2") + `) AND revoked_at IS NULL RETURNING hash, workspace_id, name`)

	t.keyExists = db.SQL(`SELECT 1 FROM api_keys WHERE id = $1 AND ($2 = '' OR ` + inWorkspace("$2") + `)`)

	// A key that was not rotated expires when it was created to expire.
	t.originalKey = db.SQL(`
SELECT workspace_id, name, scope, addresses, COALESCE(expires_at - created_at, 0) FROM api_keys
WHERE id = $1 AND ` + inWorkspace("$2") + ` AND successor_id = '' AND ` + liveKey)

	t.replaceKey = db.SQL(`
UPDATE api_keys SET successor_id = $2, revoked_at = CASE WHEN CAST($3 AS BIGINT) = 0 THEN {{now}} END,
    expires_at = CASE WHEN expires_at < {{now}} + CAST($3 AS BIGINT) THEN expires_at ELSE {{now}} + CAST($3 AS BIGINT) END
WHERE id = $1 AND successor_id = '' AND ` + liveKey + ` RETURNING hash`)
}

// lockKeys locks the keys of a workspace for a transaction that counts them; it does nothing without a limit.
// The count is another statement, so that it sees the keys of transactions that this one waited for.
func (s *Store) lockKeys(ctx context.Context, tx *sqldb.Tx, workspaceID string, maxLive int) error {
	if maxLive == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, s.text.lockWorkspace, workspaceID)
	return err
}

// insertKey inserts a key. It returns apikey.ErrFull if the workspace has so many live keys; 0 is no limit.
func (s *Store) insertKey(ctx context.Context, tx *sqldb.Tx, n apikey.New, maxLive int) error {
	scope, addresses, workspace := n.Scopes.String(), strings.Join(n.Addresses.Strings(), " "), n.WorkspaceID
	if scope != "" || addresses != "" || n.Lifetime > 0 {
		workspace = restricted + n.WorkspaceID
	}
	rows, err := tx.Exec(ctx, s.text.createKey, n.ID, n.Hash.Bytes(), workspace, n.Name, n.LastFour, scope, addresses,
		n.Creator.UserID, n.Creator.Name, micros(n.Lifetime), n.WorkspaceID, maxLive)
	if err == nil && rows == 0 {
		return apikey.ErrFull
	}
	return err
}

// CreateKey stores a key, with times by the database's clock.
func (s *Store) CreateKey(ctx context.Context, key apikey.New, maxLive int) (created apikey.Key, err error) {
	err = s.inTx(ctx, "creating an API key", func(tx *sqldb.Tx) error {
		if err := s.lockKeys(ctx, tx, key.WorkspaceID, maxLive); err != nil {
			return err
		}
		if err := s.insertKey(ctx, tx, key, maxLive); err != nil {
			return err
		}
		if err := scanKey(tx.QueryRow(ctx, s.text.getKey, key.ID), &created); err != nil {
			return err
		}
		return s.Events().Append(ctx, tx, createdKey(created))
	})
	return created, err
}

// createdKey is the event of a new key.
func createdKey(k apikey.Key) outbox.Event {
	changes := []outbox.Change{
		{Field: "name", After: k.Name},
		{Field: "status", After: "live"},
		{Field: "scopes", After: k.Scopes.String()},
		{Field: "addresses", After: strings.Join(k.Addresses.Strings(), " ")},
	}
	if !k.ExpiresAt.IsZero() {
		changes = append(changes, outbox.Change{Field: "expires_at", After: k.ExpiresAt.Format(time.RFC3339)})
	}
	return outbox.Event{Kind: "api_key.created", Actor: actor.OfAdministrator(k.Creator.UserID), WorkspaceID: k.WorkspaceID, Object: k.ID, Changes: changes}
}

// CreateFirstKey stores a key unless its workspace ever had one.
func (s *Store) CreateFirstKey(ctx context.Context, key apikey.New) (bool, error) {
	n, err := s.db.Exec(ctx, s.text.createFirstKey, key.ID, key.Hash.Bytes(), key.WorkspaceID, key.Name, key.LastFour)
	return n > 0, sqldb.Wrap("creating a first API key", err)
}

// ListKeys lists keys of a workspace, newest first, revoked ones too.
func (s *Store) ListKeys(ctx context.Context, workspaceID string, after apikey.Key, limit int) ([]apikey.Key, error) {
	before := int64(1<<63 - 1)
	if !after.CreatedAt.IsZero() {
		before = after.CreatedAt.UnixMicro()
	}
	return sqldb.List(ctx, s.db, sqldb.Read("listing API keys", s.text.listKeys, workspaceID, before, after.ID, limit), scanKey)
}

// scanKey reads a row of keyColumns.
func scanKey(row sqldb.Row, k *apikey.Key) error {
	var scope, addresses string
	err := row.Scan(&k.ID, &k.WorkspaceID, &k.Name, &k.LastFour, sqldb.Time(&k.CreatedAt), sqldb.Time(&k.LastUsedAt), sqldb.Time(&k.RevokedAt),
		sqldb.Time(&k.ExpiresAt), &k.Live, &scope, &addresses, &k.Creator.UserID, &k.Creator.Name, &k.SuccessorID)
	if err != nil {
		return err
	}
	k.WorkspaceID = strings.TrimPrefix(k.WorkspaceID, restricted)
	k.Scopes = strings.Fields(scope)
	k.Addresses, err = enforce.ParseAddresses(strings.Fields(addresses))
	return err
}

// FindKey reads a live API key. introspect.ErrInactive when there is none.
func (s *Store) FindKey(ctx context.Context, key secret.Hash) (introspect.Facts, error) {
	f := introspect.Facts{Kind: enforce.APIKey}
	var left *int64
	var addresses string
	err := s.db.QueryRow(ctx, s.text.findKey, key.Bytes()).
		Scan(&f.KeyID, &f.WorkspaceID, sqldb.Time(&f.IssuedAt), &f.LongUnused, &f.Scope, &addresses, sqldb.Time(&f.ExpiresAt), &left)
	if err == nil {
		f.Addresses, err = enforce.ParseAddresses(strings.Fields(addresses))
	}
	if err != nil {
		return introspect.Facts{}, sqldb.Wrap("reading an API key", sqldb.NotFoundAs(introspect.ErrInactive, err))
	}
	f.WorkspaceID = strings.TrimPrefix(f.WorkspaceID, restricted)
	if left != nil {
		f.Left = time.Duration(*left) * time.Microsecond
	}
	f.Kind = f.KindOf(enforce.APIKey)
	return f, nil
}

// TouchKey records that a key is in use, by its identifier, unless that was recorded within the last
// minute.
func (s *Store) TouchKey(ctx context.Context, id []byte) error {
	_, err := s.db.Exec(ctx, s.text.touchKey, string(id))
	return sqldb.Wrap("recording an API key's use", err)
}
