package store

import (
	"context"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/sdk/enforce/revocation"
	"github.com/vidocu/usher/services/token/internal/store/revlog"
)

// familyToRevoke names a family to revoke, and why.
type familyToRevoke struct {
	family []byte
	// client, if not empty, is the only client whose family may be revoked.
	client string
	reason revlog.Reason
}

// RevokeRefresh revokes the family of a refresh token, current or spent. onlyClient, if not empty,
// limits it to that client's families. It reports whether anything was live.
func (s *Store) RevokeRefresh(ctx context.Context, token secret.Hash, onlyClient string) (bool, error) {
	var revoked bool
	err := s.log.Revoke(ctx, "revoking a refresh token", func(tx *revlog.Tx) error {
		var family []byte
		// A token's family never changes, so a concurrent rotation does not matter.
		err := tx.QueryRow(ctx, s.text.familyOfRefresh, token.Bytes()).Scan(&family)
		if revoked = false; err != nil {
			return sqldb.NotFoundAs(nil, err)
		}
		revoked, err = s.revokeFamily(ctx, tx, familyToRevoke{family: family, client: onlyClient, reason: revlog.ReasonRevoked})
		return err
	})
	return revoked, err
}

// KnownRefresh reports whether a refresh token is a current or a spent one of a family.
func (s *Store) KnownRefresh(ctx context.Context, token secret.Hash) (bool, error) {
	var family []byte
	err := s.db.QueryRow(ctx, s.text.familyOfRefresh, token.Bytes()).Scan(&family)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, sqldb.Wrap("looking for a refresh token", err)
}

// RevokeAccess revokes one access token and nothing else. onlyClient as in RevokeRefresh.
func (s *Store) RevokeAccess(ctx context.Context, token secret.Hash, onlyClient string) (bool, error) {
	var revoked bool
	err := s.log.Revoke(ctx, "revoking an access token", func(tx *revlog.Tx) error {
		var workspaceID string
		e := revlog.NewEntry(revlog.ReasonRevoked, revocation.Revocation{Kind: revocation.Token, TokenHash: token.Bytes()})
		err := tx.QueryRow(ctx, s.text.revokeAccess, token.Bytes(), onlyClient).
			Scan(&e.FamilyID, &e.UserID, &e.ClientID, &e.Epoch, &workspaceID)
		if revoked = err == nil; !revoked {
			return sqldb.NotFoundAs(nil, err)
		}
		_, err = tx.AppendIn(ctx, e, workspaceID)
		return err
	})
	return revoked, err
}

// RevokeFamily revokes the family of a code that was replayed.
func (s *Store) RevokeFamily(ctx context.Context, code secret.Hash) error {
	return s.log.Revoke(ctx, "revoking a replayed code's family", func(tx *revlog.Tx) error {
		_, err := s.revokeFamily(ctx, tx, familyToRevoke{family: code.Bytes(), reason: revlog.ReasonCodeReplay})
		return err
	})
}

// revokeFamily revokes one family and appends the revocation to the log; it does nothing to a
// family that is not live.
func (s *Store) revokeFamily(ctx context.Context, tx *revlog.Tx, c familyToRevoke) (bool, error) {
	entry := revlog.NewEntry(c.reason, revocation.Revocation{Kind: revocation.Family, FamilyID: c.family})
	var workspaceID string
	err := tx.QueryRow(ctx, s.text.revokeFamily, c.family, c.client).Scan(&entry.UserID, &entry.ClientID, &entry.Epoch, &workspaceID)
	if err != nil {
		return false, sqldb.NotFoundAs(nil, err)
	}
	_, err = tx.AppendIn(ctx, entry, workspaceID)
	return true, err
}
