package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// addKey adds the key of a joined row, which is nil for a client without registered keys. left is
// how long the key is still valid, in µs; nil for one that does not expire.
func (r *record) addKey(stored []byte, left *int64) error {
	if stored == nil {
		return nil
	}
	key, err := jose.ParseKey(stored)
	if err != nil {
		return fmt.Errorf("a stored key %w", err)
	}
	has := func(list []jose.Key) bool {
		return slices.ContainsFunc(list, func(other jose.Key) bool { return other.ID == key.ID })
	}
	switch {
	case has(r.Keys.Valid), has(r.Keys.Expired): // release 0.1 may have added a secret, which repeats the rows
	case left != nil && *left <= 0:
		r.Keys.Expired = append(r.Keys.Expired, key)
	default:
		r.Keys.Valid = append(r.Keys.Valid, key)
		if left != nil {
			r.holds = min(r.holds, time.Duration(*left)*time.Microsecond)
		}
	}
	return nil
}

// keys lists the keys of a client that have not expired, or the uses of those that it publishes.
func (s *Store) keys(ctx context.Context, id string) ([]client.Key, error) {
	return sqldb.List(ctx, s.db, sqldb.Read("listing keys", s.text.keys, id), func(row sqldb.Row, key *client.Key) error {
		err := row.Scan(&key.ID, &key.Name, &key.JWK, sqldb.Time(&key.CreatedAt), sqldb.Time(&key.ExpiresAt), sqldb.Time(&key.LastUsedAt))
		if key.JWK == nil { // a use of a key that the client publishes
			key.CreatedAt = time.Time{}
		}
		return err
	})
}

// keyRows inserts keys.
func (s *Store) keyRows(id string, keys []client.Key) []*sqldb.Statement {
	var steps []*sqldb.Statement
	for _, key := range keys {
		steps = append(steps, s.keyRow(id, key))
	}
	return steps
}

func (s *Store) keyRow(id string, key client.Key) *sqldb.Statement {
	return sqldb.Stmt(s.text.insertKey, id, key.ID, key.Name, key.JWK, microsOrNull(key.Lifetime))
}

// keyChange makes a client authenticate with keys, if the change has any, and sets its algorithm.
func (s *Store) keyChange(c registry.Change) []*sqldb.Statement {
	var steps []*sqldb.Statement
	if len(c.Keys) > 0 || c.JWKSURI != "" {
		steps = append(steps,
			sqldb.Stmt(s.text.useKeys, c.ClientID, c.JWKSURI),
			sqldb.Stmt(s.text.deleteSecrets, c.ClientID), sqldb.Stmt(s.text.deleteKeys, c.ClientID), sqldb.Stmt(s.text.deleteUses, c.ClientID))
		steps = append(steps, s.keyRows(c.ClientID, c.Keys)...)
	}
	if c.SigningAlgorithm != nil {
		steps = append(steps, sqldb.Stmt(s.text.setAlgorithm, c.ClientID, *c.SigningAlgorithm))
	}
	return steps
}

// useSecrets makes a client authenticate with secrets.
func (s *Store) useSecrets(id string) []*sqldb.Statement {
	return []*sqldb.Statement{
		sqldb.Stmt(s.text.useSecrets, id), sqldb.Stmt(s.text.deleteKeys, id), sqldb.Stmt(s.text.deleteUses, id),
	}
}

// AddClientKey registers another key. It returns client.ErrUnknown if no client with keys has the
// identifier, client.ErrExists if the client has the key, and client.ErrTooManyKeys.
func (s *Store) AddClientKey(ctx context.Context, id string, key client.Key) error {
	added := s.keyRow(id, key)
	return s.changeKeys(ctx, clientChange{
		kind: "client.key_added", id: id, steps: []*sqldb.Statement{sqldb.Stmt(s.text.deleteExpiredKeys, id), added},
		verify: affected(added, client.ErrTooManyKeys),
	})
}

// affected returns the check that a statement changed a row; none is the error otherwise.
func affected(change *sqldb.Statement, none error) func() error {
	return func() error {
		if change.RowsAffected() == 0 {
			return none
		}
		return nil
	}
}

// UpdateClientKey changes a key. It returns client.ErrUnknown, or client.ErrUnknownKey.
func (s *Store) UpdateClientKey(ctx context.Context, c client.KeyChange) error {
	forever := c.Lifetime != nil && *c.Lifetime == 0
	changed := sqldb.Stmt(s.text.updateKey, c.ClientID, c.KeyID, c.Name, forever, microsOrNull(c.Lifetime))
	return s.changeKeys(ctx, clientChange{
		kind: "client.key_updated", id: c.ClientID, ifChanged: true, steps: []*sqldb.Statement{sqldb.Stmt(s.text.deleteExpiredKeys, c.ClientID), changed},
		verify: affected(changed, client.ErrUnknownKey),
	})
}

// RemoveClientKey removes a key, unless it is the last one. It returns client.ErrUnknown, or
// client.ErrUnknownKey if nothing was removed.
func (s *Store) RemoveClientKey(ctx context.Context, id, keyID string) error {
	removed := sqldb.Stmt(s.text.deleteKey, id, keyID)
	return s.changeKeys(ctx, clientChange{
		kind: "client.key_removed", id: id, steps: []*sqldb.Statement{removed}, verify: affected(removed, client.ErrUnknownKey),
	})
}

// changeKeys changes the keys of a client while its row is locked, so that concurrent changes are
// serialized.
func (s *Store) changeKeys(ctx context.Context, c clientChange) error {
	var one int
	locked := sqldb.Stmt(s.text.lockKeys, c.id).Scan(&one)
	verify := c.verify
	c.steps = append([]*sqldb.Statement{locked}, c.steps...)
	c.verify = func() error {
		if !locked.Found() {
			return client.ErrUnknown
		}
		return verify()
	}
	err := s.audited(ctx, c)
	switch {
	case isConflict(err):
		return client.ErrExists
	case errors.Is(err, client.ErrUnknownKey), errors.Is(err, client.ErrTooManyKeys):
		return err
	}
	return unlessUnknown("changing keys", err)
}

// TouchKey records that a client used a key now, unless that was recorded within the last minute.
func (s *Store) TouchKey(ctx context.Context, id, keyID string) error {
	_, err := s.db.Exec(ctx, s.text.touchKey, id, keyID)
	return sqldb.Wrap("recording the use of a key", err)
}
