package store

import (
	"context"
	"errors"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// FindAccess returns a live access token, in one statement by its hash. introspect.ErrInactive when
// there is none.
func (s *Store) FindAccess(ctx context.Context, token secret.Hash) (introspect.Facts, error) {
	if s.access != nil {
		facts, found, err := s.access.Get(ctx, token)
		if err == nil && !found {
			err = introspect.ErrInactive
		}
		return facts, err
	}
	return scanFacts(s.db.QueryRow(ctx, s.text.findAccess, token.Bytes()))
}

// FindRefresh reads a live, current refresh token. introspect.ErrInactive when there is none.
func (s *Store) FindRefresh(ctx context.Context, token secret.Hash) (introspect.Facts, error) {
	return scanFacts(s.db.QueryRow(ctx, s.text.findRefresh, token.Bytes()))
}

// FindManyAccess is FindAccess for many tokens at once; those that are not live are left out.
func (s *Store) FindManyAccess(ctx context.Context, tokens []secret.Hash) (map[secret.Hash]introspect.Facts, error) {
	if s.db.Engine() == sqldb.Postgres {
		return s.findManyAccess(ctx, tokens)
	}
	found := make(map[secret.Hash]introspect.Facts, len(tokens))
	for _, token := range tokens {
		facts, err := s.FindAccess(ctx, token)
		if errors.Is(err, introspect.ErrInactive) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[token] = facts
	}
	return found, nil
}

// findManyAccess reads many tokens in one statement.
func (s *Store) findManyAccess(ctx context.Context, tokens []secret.Hash) (map[secret.Hash]introspect.Facts, error) {
	hashes := make([][]byte, len(tokens))
	for i := range tokens {
		hashes[i] = tokens[i].Bytes()
	}
	found := make(map[secret.Hash]introspect.Facts, len(tokens))
	var hash []byte
	err := sqldb.Each(ctx, s.db, sqldb.Read("reading tokens", s.text.findManyAccess, hashes), func(row sqldb.Row) error {
		facts, err := scanFacts(row, &hash)
		if err != nil {
			return err
		}
		key, err := secret.HashFromBytes(hash)
		found[key] = facts
		return err
	})
	return found, err
}

// scanFacts scans the columns of findAccess after those of before.
func scanFacts(row sqldb.Row, before ...any) (introspect.Facts, error) {
	f := introspect.Facts{Kind: enforce.AccessToken}
	var issued, expires, left int64
	var resources string
	err := row.Scan(append(before, &f.Family, &f.UserID, &f.Subject, &f.ClientID, &f.WorkspaceID, &f.DisplayName, &f.Scope, &resources, &f.Thumbprint,
		&issued, &expires, &left, &f.LongUnused)...)
	if err != nil {
		return f, sqldb.Wrap("reading a token", sqldb.NotFoundAs(introspect.ErrInactive, err))
	}
	f.Resources = oauth.ParseResources(resources)
	f.IssuedAt, f.ExpiresAt, f.Left = fromMicros(issued), fromMicros(expires), time.Duration(left)*time.Microsecond
	return f, nil
}

// Touch records that a family is in use, unless that was recorded within the last minute.
func (s *Store) Touch(ctx context.Context, family []byte) error {
	_, err := s.db.Exec(ctx, s.text.touch, family)
	return sqldb.Wrap("recording a family's use", err)
}
