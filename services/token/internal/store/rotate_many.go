package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// rotateMany runs rotations that came at the same time. One that spoils the statement, or a deadlock with a revocation,
// undoes all: then each runs by itself, so that nobody fails for another. What was not rotated is left out.
func (s *Store) rotateMany(ctx context.Context, rotations []*grant.Rotation) (map[*grant.Rotation]outcome, error) {
	if len(rotations) > 1 {
		outcomes, err := s.rotateTogether(ctx, rotations)
		if err == nil || errors.Is(err, sqldb.ErrUnavailable) {
			return outcomes, err
		}
	}
	outcomes := make(map[*grant.Rotation]outcome, len(rotations))
	for _, r := range rotations {
		issued, err := s.rotateWhole(ctx, *r)
		outcomes[r] = outcome{issued, err}
	}
	return outcomes, nil
}

// outcome is what became of one rotation of many.
type outcome struct {
	issued grant.Issued
	err    error
}

func (s *Store) rotateTogether(ctx context.Context, rotations []*grant.Rotation) (map[*grant.Rotation]outcome, error) {
	rows, err := s.db.Query(ctx, s.text.rotateMany, columnsOf(rotations)...)
	if err != nil {
		return nil, fmt.Errorf("rotating refresh tokens: %w", err)
	}
	defer rows.Close()
	bySuccessor := make(map[secret.Hash]*grant.Rotation, len(rotations))
	for _, r := range rotations {
		bySuccessor[r.Successor] = r
	}
	outcomes := make(map[*grant.Rotation]outcome, len(rotations))
	for rows.Next() {
		var hash []byte
		var granted string
		var left int64
		if err := rows.Scan(&hash, &granted, &left); err != nil {
			return nil, fmt.Errorf("rotating refresh tokens: %w", err)
		}
		successor, err := secret.HashFromBytes(hash)
		if err != nil {
			return nil, fmt.Errorf("rotating refresh tokens: %w", err)
		}
		r := bySuccessor[successor]
		outcomes[r] = outcome{issued: issuedOf(*r, granted, left)}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("rotating refresh tokens: %w", err)
	}
	return outcomes, nil
}

// columnsOf lays the rotations out as rotateMany's arrays.
func columnsOf(rotations []*grant.Rotation) []any {
	n := len(rotations)
	predecessors, successors, access, sealed := make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
	clients, scopes := make([]string, n), make([]string, n)
	refreshLives, accessLives, windows := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, r := range rotations {
		predecessors[i], successors[i], access[i] = r.Predecessor.Bytes(), r.Successor.Bytes(), r.Access.Bytes()
		clients[i], scopes[i] = r.ClientID, r.Scope
		if len(r.Sealed) > 0 {
			sealed[i] = r.Sealed
		}
		refreshLives[i], accessLives[i] = micros(r.Lifetimes.Refresh), micros(r.Lifetimes.Access)
		windows[i] = micros(r.Lifetimes.RetryWindow)
	}
	return []any{predecessors, successors, clients, access, scopes, sealed, refreshLives, accessLives, windows}
}
