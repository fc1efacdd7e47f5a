package store

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// rotateMany runs concurrent rotations in one statement. The rotations that it skips run alone; so
// do all of them when the statement fails.
func (s *Store) rotateMany(ctx context.Context, rotations []*grant.Rotation) (map[*grant.Rotation]grant.Issued, error) {
	issued, err := s.rotateBatch(ctx, rotations)
	if err == nil || errors.Is(err, sqldb.ErrUnavailable) {
		return issued, err
	}
	return nil, nil //nolint:nilnil,nilerr // each rotation then gets its own error
}

func (s *Store) rotateBatch(ctx context.Context, rotations []*grant.Rotation) (map[*grant.Rotation]grant.Issued, error) {
	// Two rotations of a token that stays have the same successor, and never the same access token.
	byAccess := make(map[secret.Hash]*grant.Rotation, len(rotations))
	for _, r := range rotations {
		byAccess[r.Access] = r
	}
	all := make(map[*grant.Rotation]grant.Issued, len(rotations))
	read := sqldb.Read("rotating refresh tokens", s.text.rotateMany, columnsOf(rotations)...)
	err := sqldb.Each(ctx, s.db, read, func(row sqldb.Row) error {
		var hash []byte
		var did rotation
		if err := row.Scan(append([]any{&hash, &did.granted, &did.left}, identityDest(&did.user)...)...); err != nil {
			return err
		}
		access, err := secret.HashFromBytes(hash)
		if err != nil {
			return err
		}
		r := byAccess[access]
		all[r] = issuedOf(*r, did)
		return nil
	})
	return all, err
}

// columnsOf returns the rotations as the array parameters of rotateMany.
func columnsOf(rotations []*grant.Rotation) []any {
	n := len(rotations)
	predecessors, successors, access, sealed := make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
	clients, scopes, resources := make([]string, n), make([]string, n), make([]string, n)
	keys, bind := make([]string, n), make([]string, n)
	refreshLives, accessLives, windows := make([]int64, n), make([]int64, n), make([]int64, n)
	steps, slacks := make([]int64, n), make([]int64, n)
	for i, r := range rotations {
		predecessors[i], successors[i], access[i] = r.Predecessor.Bytes(), r.Successor.Bytes(), r.Access.Bytes()
		clients[i], scopes[i], resources[i] = r.ClientID, r.Scope, r.Resources.String()
		keys[i], bind[i] = r.Key, r.RefreshKey
		if len(r.Sealed) > 0 {
			sealed[i] = r.Sealed
		}
		refreshLives[i], accessLives[i] = micros(r.Lifetimes.Refresh), micros(r.Lifetimes.Access)
		windows[i] = micros(r.Lifetimes.RetryWindow)
		steps[i], slacks[i] = rateLimit(*r)
	}
	return []any{predecessors, successors, clients, access, scopes, sealed, refreshLives, accessLives, windows, steps, slacks, resources, keys, bind}
}
