package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/outbox"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
)

// FindInitialToken returns what an initial access token permits, or dynamic.ErrToken.
func (s *Store) FindInitialToken(ctx context.Context, token secret.Hash) (dynamic.Privilege, error) {
	var scope string
	err := s.db.QueryRow(ctx, s.dynamic.text.findInitial, token.Bytes()).Scan(&scope)
	switch {
	case errors.Is(err, sqldb.ErrNotFound):
		return dynamic.Privilege{}, dynamic.ErrToken
	case err != nil:
		return dynamic.Privilege{}, fmt.Errorf("reading an initial access token: %w", err)
	}
	return dynamic.Privilege{Token: true, Scope: oauth.Scope(names(scope))}, nil
}

// AddInitialToken stores an initial access token, which is valid for a while.
func (s *Store) AddInitialToken(ctx context.Context, t dynamic.InitialToken, hash secret.Hash, valid time.Duration) error {
	created := outbox.Event{Kind: "registration_token.created", Object: t.ID}
	err := s.events.Change(ctx, created, registrationObject(t.ID), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, s.dynamic.text.insertInitial, hash.Bytes(), t.ID, t.Name, t.Scope.String(), t.UsesLeft, valid.Microseconds())
		return err
	})
	return sqldb.Wrap("storing an initial access token", err)
}

// ListInitialTokens returns the initial access tokens that can be used, newest first, at most 1,000.
func (s *Store) ListInitialTokens(ctx context.Context) ([]dynamic.InitialToken, error) {
	read := sqldb.Read("listing initial access tokens", s.dynamic.text.listInitial)
	return sqldb.List(ctx, s.db, read, func(row sqldb.Row, t *dynamic.InitialToken) error {
		var scope string
		err := row.Scan(&t.ID, &t.Name, &scope, &t.UsesLeft, sqldb.Time(&t.CreatedAt), sqldb.Time(&t.ExpiresAt))
		t.Scope = names(scope)
		return err
	})
}

// RevokeInitialToken deletes an initial access token. It returns dynamic.ErrUnknownToken.
func (s *Store) RevokeInitialToken(ctx context.Context, id string) error {
	revoked := outbox.Event{Kind: "registration_token.revoked", Object: id}
	err := s.events.Change(ctx, revoked, registrationObject(id), func(tx *sqldb.Tx) error {
		deleted, err := tx.Exec(ctx, s.dynamic.text.revokeInitial, id)
		if err == nil && deleted == 0 {
			return dynamic.ErrUnknownToken
		}
		return err
	})
	if err != nil && !errors.Is(err, dynamic.ErrUnknownToken) {
		return fmt.Errorf("revoking an initial access token: %w", err)
	}
	return err
}
