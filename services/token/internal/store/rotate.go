package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// GrantedScope reads what was granted to the family of a current refresh token; grant.ErrNotCurrent when there is none.
func (s *Store) GrantedScope(ctx context.Context, token secret.Hash, clientID string) (string, error) {
	var scope string
	err := s.db.QueryRow(ctx, s.text.grantedScope, token.Bytes(), clientID).Scan(&scope)
	if errors.Is(err, sqldb.ErrNotFound) {
		return "", grant.ErrNotCurrent
	}
	if err != nil {
		return "", fmt.Errorf("reading the granted scope: %w", err)
	}
	return scope, nil
}

// Rotate spends a refresh token and issues its successors in one transaction and one round trip: grant.ErrNotCurrent when the
// presented token is not a live, current one.
func (s *Store) Rotate(ctx context.Context, r grant.Rotation) (grant.Issued, error) {
	if s.rotations == nil {
		return s.rotateSteps(ctx, r)
	}
	issued, rotated, err := s.rotations.Get(ctx, &r)
	if err != nil || rotated {
		return issued, err
	}
	// Not current, or held by somebody at that moment, or undone with others: alone it may wait, and fails for nobody else.
	return s.rotateWhole(ctx, r)
}

// rotateSteps is one rotation, step by step. The inserts find the family by its new refresh hash, so they do nothing where
// the update did nothing.
func (s *Store) rotateSteps(ctx context.Context, r grant.Rotation) (grant.Issued, error) {
	retryHash, sealed, window := retry(r)
	update := sqldb.Stmt(s.text.rotate, r.Successor.Bytes(), micros(r.Lifetimes.Refresh), retryHash, sealed, window,
		r.Predecessor.Bytes(), r.ClientID)
	return s.rotated(ctx, r, update,
		sqldb.Stmt(s.text.insertAccess, r.Access.Bytes(), r.Scope, micros(r.Lifetimes.Access), r.Successor.Bytes()),
		sqldb.Stmt(s.text.spend, r.Predecessor.Bytes(), micros(r.Lifetimes.Refresh), r.Successor.Bytes()),
	)
}

// rotateWhole is one rotation in one statement.
func (s *Store) rotateWhole(ctx context.Context, r grant.Rotation) (grant.Issued, error) {
	retryHash, sealed, window := retry(r)
	return s.rotated(ctx, r, sqldb.Stmt(s.text.rotateWhole, r.Successor.Bytes(), micros(r.Lifetimes.Refresh), retryHash, sealed, window,
		r.Predecessor.Bytes(), r.ClientID, r.Access.Bytes(), r.Scope, micros(r.Lifetimes.Access)))
}

// retry are the columns of the retry window; none when there is no window.
func retry(r grant.Rotation) (hash, sealed, window any) {
	if len(r.Sealed) == 0 {
		return nil, nil, nil
	}
	return r.Predecessor.Bytes(), r.Sealed, micros(r.Lifetimes.RetryWindow)
}

// rotated runs a rotation whose first statement answers what was granted and how long the family has left.
func (s *Store) rotated(ctx context.Context, r grant.Rotation, update *sqldb.Statement, more ...*sqldb.Statement) (grant.Issued, error) {
	var granted string
	var left int64
	update.Scan(&granted, &left)
	if err := s.db.Pipeline(ctx, append([]*sqldb.Statement{update}, more...)...); err != nil {
		return grant.Issued{}, fmt.Errorf("rotating a refresh token: %w", err)
	}
	if !update.Found() {
		return grant.Issued{}, grant.ErrNotCurrent
	}
	return issuedOf(r, granted, left), nil
}

func issuedOf(r grant.Rotation, granted string, left int64) grant.Issued {
	return grant.Issued{
		Scope:     cmp.Or(r.Scope, granted),
		ExpiresIn: min(r.Lifetimes.Access, time.Duration(left)*time.Microsecond),
	}
}

// Replayed judges a refresh token that was not current. Inside the retry window it answers the sealed successor. A spent
// token of this client otherwise ends its pair, in the transaction that judges it; any other token changes nothing.
func (s *Store) Replayed(ctx context.Context, token secret.Hash, clientID string) (grant.Replay, error) {
	var replay grant.Replay
	err := s.inTx(ctx, "judging a spent refresh token", func(tx *sqldb.Tx) error {
		replay = grant.Replay{}
		var p pair
		var family, sealed []byte
		var scope string
		var left int64
		err := tx.QueryRow(ctx, s.text.spentFacts, token.Bytes(), clientID).
			Scan(&family, &p.user, &p.client, &scope, &left, &sealed)
		if errors.Is(err, sqldb.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(sealed) > 0 {
			replay = grant.Replay{Sealed: sealed, Scope: scope, FamilyLeft: time.Duration(left) * time.Microsecond}
			return nil
		}
		replay.Reused, err = s.raise(ctx, tx, p, family)
		return err
	})
	return replay, err
}

// raise ends a pair whose token was reused, unless the family's epoch is not the pair's: then this evidence was acted upon.
// The pair is held first, because what moves a pair and its surviving families on moves both (see spoilCodes).
func (s *Store) raise(ctx context.Context, tx *sqldb.Tx, p pair, family []byte) (bool, error) {
	err := tx.QueryRow(ctx, s.text.lockPair, p.user, p.client).Scan(&p.epoch)
	if err == nil {
		err = tx.QueryRow(ctx, s.text.raisePair, p.user, p.client, family).Scan(&p.epoch)
	}
	if errors.Is(err, sqldb.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, s.endPairFamilies(ctx, tx, p, ReasonReuse)
}
