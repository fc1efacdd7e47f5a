package store

import (
	"context"

	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// oldestAtOnce is how many grants one redemption revokes at most. One is enough, since each adds one; more are there after the
// limit was lowered, or where there was none before.
const oldestAtOnce = 10

// revokeOldest revokes the oldest grants of a user with a client in a workspace beyond limit. What each costs does not depend on
// how many there are.
func (s *Store) revokeOldest(ctx context.Context, c grant.Code, limit int) error {
	return s.log.Revoke(ctx, "revoking the oldest grants", func(tx *revlog.Tx) error {
		rows, err := tx.Query(ctx, s.text.overGrantLimit, c.UserID, c.ClientID, c.WorkspaceID, limit, oldestAtOnce)
		if err != nil {
			return err
		}
		families, err := identifiers(rows)
		if err != nil {
			return err
		}
		for _, family := range families {
			if err := s.revokeOld(ctx, tx, family); err != nil {
				return err
			}
		}
		return nil
	})
}

// revokeOld marks one family, and logs it if it was live.
func (s *Store) revokeOld(ctx context.Context, tx *revlog.Tx, family []byte) error {
	e := revlog.Entry{Kind: revlog.KindFamily, Reason: revlog.ReasonGrantLimit, FamilyID: family}
	var dead bool
	err := tx.QueryRow(ctx, s.text.endOldest, family).Scan(&e.UserID, &e.ClientID, &e.Epoch, &dead)
	if isNotFound(err) || err == nil && dead {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.Append(ctx, e)
	return err
}
