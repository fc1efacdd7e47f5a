package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// pair is a user and an app at an epoch.
type pair struct {
	user, client string
	epoch        int64
}

// ending names a family to end.
type ending struct {
	family []byte
	// client, if not empty, is the only app whose family may be ended.
	client string
	reason Reason
}

// RevokeRefresh ends the family of a refresh token, current or spent. onlyClient, if not empty, limits it to that app's
// families. It answers whether anything ended.
func (s *Store) RevokeRefresh(ctx context.Context, token secret.Hash, onlyClient string) (bool, error) {
	var ended bool
	err := s.inTx(ctx, "revoking a refresh token", func(tx *sqldb.Tx) error {
		var family []byte
		// Which family a token belongs to never changes, so a rotation in between changes nothing.
		err := tx.QueryRow(ctx, s.text.familyOfRefresh, token.Bytes()).Scan(&family)
		if errors.Is(err, sqldb.ErrNotFound) {
			ended = false
			return nil
		}
		if err != nil {
			return err
		}
		ended, err = s.endFamily(ctx, tx, ending{family: family, client: onlyClient, reason: ReasonRevoked})
		return err
	})
	return ended, err
}

// RevokeAccess ends one access token and nothing else. onlyClient as in RevokeRefresh.
func (s *Store) RevokeAccess(ctx context.Context, token secret.Hash, onlyClient string) (bool, error) {
	var ended bool
	err := s.inTx(ctx, "revoking an access token", func(tx *sqldb.Tx) error {
		e := Entry{Kind: KindToken, Reason: ReasonRevoked, TokenHash: token.Bytes()}
		err := tx.QueryRow(ctx, s.text.endAccess, token.Bytes(), onlyClient).
			Scan(&e.FamilyID, &e.UserID, &e.ClientID, &e.Epoch)
		ended = err == nil
		if errors.Is(err, sqldb.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, e)
	})
	return ended, err
}

// EndConnection raises the pair's epoch and ends all its families: when it returns nothing of the pair is live, and nothing
// that was being issued from an older consent becomes so.
func (s *Store) EndConnection(ctx context.Context, userID, clientID string) error {
	return s.endPair(ctx, pair{user: userID, client: clientID}, ReasonDisconnect)
}

// EndPairGrants is EndConnection as an operator's decision.
func (s *Store) EndPairGrants(ctx context.Context, userID, clientID string) error {
	return s.endPair(ctx, pair{user: userID, client: clientID}, ReasonGrantsRevoked)
}

func (s *Store) endPair(ctx context.Context, p pair, reason Reason) error {
	return s.inTx(ctx, "ending a connection", func(tx *sqldb.Tx) error {
		if err := tx.QueryRow(ctx, s.text.endPair, p.user, p.client).Scan(&p.epoch); err != nil {
			return err
		}
		return s.endPairFamilies(ctx, tx, p, reason)
	})
}

// endPairFamilies marks the families of a pair whose epoch this transaction has just raised, and logs it. It is a
// statement of its own, so that it sees a family that committed while the raise was waiting for the pair.
func (s *Store) endPairFamilies(ctx context.Context, tx *sqldb.Tx, p pair, reason Reason) error {
	if _, err := tx.Exec(ctx, s.text.endFamilies, p.user, p.client); err != nil {
		return err
	}
	return s.appendEntry(ctx, tx, Entry{
		Kind: KindPair, Reason: reason, UserID: p.user, ClientID: p.client, Epoch: p.epoch,
	})
}

// endFamily marks one family and logs it; one that is dead already is left alone.
func (s *Store) endFamily(ctx context.Context, tx *sqldb.Tx, e ending) (bool, error) {
	entry := Entry{Kind: KindFamily, Reason: e.reason, FamilyID: e.family}
	err := tx.QueryRow(ctx, s.text.endFamily, e.family, e.client).Scan(&entry.UserID, &entry.ClientID, &entry.Epoch)
	if errors.Is(err, sqldb.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, s.appendEntry(ctx, tx, entry)
}

// inTx runs a transaction and says in the error what it was for.
func (s *Store) inTx(ctx context.Context, what string, work func(*sqldb.Tx) error) error {
	if err := s.db.InTx(ctx, work); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
