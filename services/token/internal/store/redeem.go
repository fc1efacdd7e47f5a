package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Redeem creates a family and its first tokens in one transaction and one round trip: grant.ErrCodeUsed when the code's
// hash is there already, grant.ErrPairRevoked when the pair's epoch is not the code's any more. A pair that is not there is
// one whose epoch nobody can have read.
func (s *Store) Redeem(ctx context.Context, r grant.Redemption) error {
	redeem := s.redeemSteps
	if s.db.Engine() == sqldb.Postgres {
		redeem = s.redeemWhole
	}
	if done, err := redeem(ctx, r); err != nil || done {
		return err
	}
	// Whether the code was used is a fact that never changes back, so it may be read apart.
	switch _, err := s.Redeemed(ctx, r.CodeHash); {
	case err == nil:
		return grant.ErrCodeUsed
	case errors.Is(err, grant.ErrNoEvidence):
		return grant.ErrPairRevoked
	default:
		return err
	}
}

// redeemSteps redeems step by step; it answers whether it did.
func (s *Store) redeemSteps(ctx context.Context, r grant.Redemption) (bool, error) {
	family := sqldb.Stmt(s.text.insertFamily, familyColumns(r)...)
	err := s.db.Pipeline(ctx, family,
		sqldb.Stmt(s.text.insertFirstAccess, r.Access.Bytes(), micros(r.Lifetimes.Access), r.Refresh.Bytes()))
	if err != nil {
		return false, fmt.Errorf("redeeming a code: %w", err)
	}
	return family.RowsAffected() == 1, nil
}

// redeemWhole redeems in one statement; it answers whether it did.
func (s *Store) redeemWhole(ctx context.Context, r grant.Redemption) (bool, error) {
	n, err := s.db.Exec(ctx, s.text.redeemWhole, append(familyColumns(r), r.Access.Bytes(), micros(r.Lifetimes.Access))...)
	if err != nil {
		return false, fmt.Errorf("redeeming a code: %w", err)
	}
	return n == 1, nil
}

// familyColumns are insertFamily's parameters.
func familyColumns(r grant.Redemption) []any {
	c := r.Code
	return []any{
		r.CodeHash.Bytes(), c.UserID, c.ClientID, c.WorkspaceID, c.DisplayName, c.Scope.String(), c.Epoch,
		c.RedirectURI, c.CodeChallenge, micros(r.Lifetimes.Family), r.Refresh.Bytes(), micros(r.Lifetimes.Refresh),
	}
}

// Redeemed reads what a code was bound to when it was redeemed; grant.ErrNoEvidence when it never was.
func (s *Store) Redeemed(ctx context.Context, code secret.Hash) (grant.Binding, error) {
	var b grant.Binding
	err := s.db.QueryRow(ctx, s.text.redeemed, code.Bytes()).Scan(&b.ClientID, &b.RedirectURI, &b.CodeChallenge)
	if errors.Is(err, sqldb.ErrNotFound) {
		return b, grant.ErrNoEvidence
	}
	if err != nil {
		return b, fmt.Errorf("reading a redemption: %w", err)
	}
	return b, nil
}

// RevokeFamily ends what a code's redemption issued, because the code came a second time.
func (s *Store) RevokeFamily(ctx context.Context, code secret.Hash) error {
	return s.inTx(ctx, "revoking a replayed code's family", func(tx *sqldb.Tx) error {
		_, err := s.endFamily(ctx, tx, ending{family: code.Bytes(), reason: ReasonCodeReplay})
		return err
	})
}
